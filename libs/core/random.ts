import { createHash } from 'node:crypto';

/** A reproducible stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A uniform integer in [0, below). */
  integer(below: number): number;
  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T;
}

/**
 * sfc32 seeded with SHA-256 of the seed text (Chris Doty-Humphrey's Small Fast Counting generator, PractRand): equal seeds give equal
 * streams on every machine. Not for secrets.
 */
export function seededRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let d = 1;
  const step = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let warm = 0; warm < 12; warm++) step();
  const integer = (below: number): number => Math.floor(step() * below);
  return {
    next: step,
    integer,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new RangeError('Cannot pick from an empty list.');
      return list[integer(list.length)] as T;
    },
  };
}

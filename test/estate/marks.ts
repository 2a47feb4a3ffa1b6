import { createHash } from 'node:crypto';

/** What a mark looks like, wherever it stands. */
export const MARK = /est-\d{6}/g;

/** Texts and ids by which rows are found again: each is given once, and equal seeds give equal ones in equal order. */
export class Marks {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A word that stands in one row and in its copies: `est-000123`. */
  mark(): string {
    this.#count += 1;
    return `est-${String(this.#count).padStart(6, '0')}`;
  }

  /** A random UUID, as Python made them. */
  id(): string {
    this.#count += 1;
    const hex = createHash('sha256').update(`${this.#seed}:${this.#count}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}

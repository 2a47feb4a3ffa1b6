import { copyFile, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, type Random } from '#core';
import type { Fault, Standing } from './fault.ts';
import type { Stage } from './stage.ts';

/** The three headers of a DuckDB file; the blocks follow. */
const HEADERS = 3 * 4_096;
const BLOCK = 16_384;
const CHECKSUM = 8;

/** How a file is damaged while no server runs. */
interface Damage {
  readonly how: string;
  readonly refuses: Standing['refuses'];
  readonly says: RegExp;
  readonly inflict: (path: string, random: Random) => Promise<void>;
}

export const flipBytes: Fault = {
  name: 'flip-bytes',
  sentence: 'a byte is flipped in every block of one memory while the server is down',
  running: true,
  provoke: (stage) =>
    damage(stage, {
      how: 'one byte of each block, at a seeded place',
      refuses: 'everything',
      says: /can't be read/,
      inflict: async (path, random) => flip(path, random, await blocksOf(path)),
    }),
};

export const flipByte: Fault = {
  name: 'flip-byte',
  sentence: 'a single byte is flipped in one memory while the server is down',
  running: false,
  provoke: (stage) =>
    damage(stage, {
      how: 'one byte of one seeded block',
      refuses: 'something',
      says: /can't be read|closed after a fatal error/,
      inflict: async (path, random) => {
        const blocks = await blocksOf(path);
        await flip(path, random, [random.pick(blocks)]);
      },
    }),
};

export const cutOff: Fault = {
  name: 'truncate',
  sentence: 'the file of one memory is cut off while the server is down',
  running: true,
  provoke: (stage) =>
    damage(stage, {
      how: 'to a seeded length',
      refuses: 'everything',
      says: /can't be read/,
      inflict: async (path, random) => truncate(path, HEADERS + random.integer(Math.floor((await stat(path)).size / 2))),
    }),
};

export const walOrphan: Fault = {
  name: 'wal-orphan',
  sentence: 'the server is killed, and only the write-ahead log of one memory is there when it starts again',
  running: true,
  provoke: (stage) =>
    damage(stage, { how: 'the file was taken away, its log stayed', refuses: 'everything', says: /is missing/, inflict: takeAway }, 'kill'),
};

async function damage(stage: Stage, { how, refuses, says, inflict }: Damage, ending: 'stop' | 'kill' = 'stop'): Promise<Standing> {
  const path = stage.memory;
  const kept = await mkdtemp(join(tmpdir(), 'violentutf-torture-kept-'));
  await stage.server[ending]();
  await copyFile(path, join(kept, 'memory'));
  await inflict(path, seededRandom(`${stage.seed}/damage`));
  await stage.server.boot();
  return {
    how,
    refuses,
    says,
    untouched: refuses === 'everything' ? [path, `${path}.wal`] : [],
    // An operator stops the server first; the log belongs to the file, and stays.
    mend: async () => {
      await stage.server.stop();
      if (refuses === 'something') await rm(`${path}.wal`, { force: true });
      await copyFile(join(kept, 'memory'), path);
      await stage.server.boot();
    },
    [Symbol.asyncDispose]: () => rm(kept, { recursive: true, force: true }),
  };
}

/** @throws Error when there is no log to be left alone. */
async function takeAway(path: string): Promise<void> {
  if ((await stat(`${path}.wal`)).size === 0) throw new Error('The server was killed with nothing in its write-ahead log.');
  await rm(path);
}

/** The numbers of the blocks of a file. */
async function blocksOf(path: string): Promise<number[]> {
  return Array.from({ length: Math.floor(((await stat(path)).size - HEADERS) / BLOCK) }, (_, block) => block);
}

async function flip(path: string, random: Random, blocks: readonly number[]): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const block of blocks) {
      const position = HEADERS + block * BLOCK + CHECKSUM + random.integer(BLOCK - CHECKSUM);
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, position);
      byte.writeUInt8(byte.readUInt8(0) ^ 0x5a);
      await file.write(byte, 0, 1, position);
    }
  } finally {
    await file.close();
  }
}

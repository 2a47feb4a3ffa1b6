import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { discover, isFinding, openLegacy, readLegacy, recognise } from './index.js';
import { all, fixture, snapshot, NOTHING_OPEN, Workspace } from './testing/fixtures.js';

let workspace: Workspace;
let copies: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
  copies = await Workspace.create();
});
afterEach(async () => {
  await workspace[Symbol.asyncDispose]();
  await copies[Symbol.asyncDispose]();
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A copy that is cut off, or of which some bytes are others, or zero. */
function damaged(bytes: Buffer, random: () => number): Buffer {
  const kind = random();
  if (kind < 0.2) return bytes.subarray(0, Math.floor(random() * bytes.length));
  const copy = Buffer.from(bytes);
  for (let wound = 0; wound < 3; wound++) {
    const at = Math.floor(random() ** 2 * copy.length);
    const length = Math.ceil(random() * 64);
    if (kind < 0.4) copy.fill(0, at, at + length);
    else for (let index = at; index < Math.min(at + length, copy.length); index++) copy[index] = Math.floor(random() * 256);
  }
  return copy;
}

interface Outcome {
  read: number;
  unreadable: number | null;
  refused: number;
}

/** Takes whatever is in the workspace through all steps. What was lost must have been said. */
async function takeAll(): Promise<Outcome> {
  const outcome: Outcome = { read: 0, unreadable: 0, refused: 0 };
  for (const found of await all(discover([workspace.path], NOTHING_OPEN))) {
    if (found.kind === 'finding') {
      outcome.refused += 1;
      continue;
    }
    const opened = await openLegacy(found, { ...NOTHING_OPEN, folder: copies.path });
    if (isFinding(opened)) {
      expect(opened.detail).toMatch(/^[A-Z].*\.$/);
      outcome.refused += 1;
      continue;
    }
    await using database = opened;
    const recognition = recognise(database);
    outcome.refused += database.findings.length + recognition.findings.length;
    for await (const item of readLegacy(database, recognition)) {
      if (item.kind === 'row') outcome.read += 1;
      if (item.kind === 'unreadable')
        outcome.unreadable = outcome.unreadable === null || item.rows === null ? null : outcome.unreadable + item.rows;
      if (item.kind === 'account' && item.rows !== null && item.unreadable !== null)
        expect(item.read + item.unreadable + item.skipped).toBe(item.rows);
    }
  }
  return outcome;
}

describe('A damaged file', () => {
  it.each([
    ['of PyRIT', { 'x.db': 'pyrit-v0.9.0.db' }, 9, 40],
    ['with its rows in the log', { 'x.db': 'walonly-0.9.0.db', 'x.db.wal': 'walonly-0.9.0.db.wal' }, 320, 40],
    ['of the service', { 'x.db': 'violentutf.db' }, 7, 60],
  ] as const)('%s is read as far as it goes, and never anything worse', async (_, files, wholeRows, rounds) => {
    const contents = await Promise.all(Object.entries(files).map(async ([name, from]) => [name, await fixture(from)] as const));
    for (const [name, bytes] of contents) await workspace.put(name, bytes);
    expect(await takeAll()).toEqual({ read: wholeRows, unreadable: 0, refused: 0 });
    const ends = { whole: 0, partly: 0, refused: 0 };
    for (let round = 1; round <= rounds; round++) {
      const random = randomNumbers(round);
      const victim = Math.floor(random() * contents.length);
      for (const [index, [name, bytes]] of contents.entries()) await workspace.put(name, index === victim ? damaged(bytes, random) : bytes);
      const before = await snapshot(workspace.path);
      const { read, unreadable, refused } = await takeAll();
      // Damage may change what a row of SQLite says, which has no checksums, but nothing vanishes without a word.
      if (read < wholeRows) expect({ round, told: refused > 0 || unreadable === null || unreadable > 0 }).toEqual({ round, told: true });
      ends[read >= wholeRows ? 'whole' : read > 0 ? 'partly' : 'refused'] += 1;
      expect(await snapshot(workspace.path)).toEqual(before);
      expect(await readdir(copies.path)).toEqual([]);
    }
    expect(ends.refused + ends.partly).toBeGreaterThan(0);
  });
});

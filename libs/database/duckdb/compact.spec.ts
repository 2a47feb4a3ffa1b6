import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { compactDuckDb, DatabaseClosing, DatabaseCorrupt, DatabaseOpenTwice, isBloated, removeDrafts } from '../index.js';
import { DuckDbHarness } from '../testing/duckdb-harness.js';
import { notesOf, pause, someNotes } from '../testing/harness.js';

const harness = new DuckDbHarness();
const open = notesOf(harness);
const FILE = 'one.db';
let directory: string;

beforeEach(async () => {
  directory = await harness.directory();
});

afterEach(() => harness.cleanup());

const path = (): string => join(directory, FILE);
const compact = () => compactDuckDb({ directory, file: FILE });

/** A database of which most was deleted, closed. @returns what is in it. */
async function bloated(): Promise<unknown> {
  const database = await open();
  for (let id = 0; id < 40_000; id += 10_000) {
    const notes = someNotes(10_000, id).map((note) => ({ ...note, body: crypto.randomUUID().repeat(4) }));
    await database.append({ notes });
  }
  await database.checkpoint();
  await database.transact((tx) => tx.deleteFrom('notes').where('id', '>=', 500).where('id', '<', 39_990).execute());
  await database.checkpoint();
  expect(isBloated((await database.size()).fileBytes, await database.freeBytes(), 1_000_000)).toBe(true);
  const content = await database.content();
  expect(content.get('notes')?.rows).toBe(510);
  await database.close();
  return content;
}

describe('compaction', () => {
  it('gives back what holds nothing, and keeps every row, for its owner alone to read', async () => {
    const content = await bloated();
    const { bytesBefore, bytesAfter } = await compact();
    expect(bytesAfter).toBeLessThan(bytesBefore / 4);
    expect([statSync(path()).size, statSync(path()).mode & 0o777]).toEqual([bytesAfter, 0o600]);
    expect(readdirSync(directory)).toEqual([FILE]);
    const database = await open();
    expect(await database.content()).toEqual(content);
    expect(await database.freeBytes()).toBe(0);
    await database.append({ notes: someNotes(1, 90_000) });
  });

  it('counts a file that is in use, or is small, or half full, as well as it is', async () => {
    expect([isBloated(100, 51, 51), isBloated(100, 50, 10), isBloated(100, 90, 91)]).toEqual([true, false, false]);
    await open();
    await expect(compact()).rejects.toBeInstanceOf(DatabaseOpenTwice);
  });

  it('changes nothing when what it reads is damaged, or somebody else has put another file there', async () => {
    const content = await bloated();
    const whole = readFileSync(path());
    const bytes = Buffer.from(whole);
    for (let at = 20_000; at < bytes.length; at += 16_384) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path(), bytes);
    await expect(compact()).rejects.toBeInstanceOf(DatabaseCorrupt);
    expect(readFileSync(path()).equals(bytes)).toBe(true);

    writeFileSync(path(), whole);
    writeFileSync(join(directory, 'other'), whole);
    const compacting = compact();
    // It has opened the old one by then.
    while (!existsSync(`${path()}.copy-draft`)) await pause(1);
    await rename(join(directory, 'other'), path());
    await expect(compacting).rejects.toThrow(/replaced|moved/);
    expect(readdirSync(directory)).toEqual([FILE]);
    expect(await (await open()).content()).toEqual(content);
  });

  it('that is told to stop leaves the file as it was', async () => {
    const content = await bloated();
    const stop = new AbortController();
    const compacting = compactDuckDb({ directory, file: FILE }, { signal: stop.signal });
    while (!existsSync(`${path()}.copy-draft`)) await pause(1);
    stop.abort();
    await expect(compacting).rejects.toBeInstanceOf(DatabaseClosing);
    await expect(compactDuckDb({ directory, file: FILE }, { signal: stop.signal })).rejects.toBeInstanceOf(DatabaseClosing);
    expect(readdirSync(directory)).toEqual([FILE]);
    expect(await (await open()).content()).toEqual(content);
  });

  it('that was cut off before its end leaves the old file and a draft, which goes at the next start', async () => {
    const content = await bloated();
    writeFileSync(`${path()}.new-8a1b0c7e-1111-4222-8333-444455556666`, readFileSync(path()).subarray(0, 50_000));
    await removeDrafts(directory);
    expect(readdirSync(directory)).toEqual([FILE]);
    expect(await (await open()).content()).toEqual(content);
  });
});

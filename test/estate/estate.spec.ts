import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { discover, isFinding, openLegacy, readLegacy, recognise } from '#legacy';
import { Estate, trueFiles } from './estate.ts';
import { MARK } from './marks.ts';
import { planEstate } from './plan.ts';
import { snapshot } from './snapshot.ts';
import { UNASSIGNED, type TrueFile } from './truth.ts';

const MINUTES = 60_000;
const NOTHING_OPEN = { isOpenHere: (): boolean => false };

/** What a row of a file turned out to be: the marks in it, or null where it could not be read. */
type RowsRead = ReadonlyMap<string, readonly string[]>;

interface FileRead {
  readonly rows: RowsRead;
  /** How many of each table could be read, could not, and were left out. */
  readonly accounts: Readonly<Record<string, { readonly read: number; readonly unreadable: number | null; readonly skipped: number }>>;
}

let folder: string;
let estate: Estate;
let before: Readonly<Record<string, string>>;
const read = new Map<string, FileRead>();
const findings = new Map<string, string[]>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'estate-'));
  // Of few people, who have files of every kind; `npm run estate` takes all.
  estate = await Estate.write(join(folder, 'estate'), { people: 3 });
  before = await snapshot(estate.root);
  await readAll();
}, 3 * MINUTES);
afterAll(async () => {
  await estate[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Reads everything that is found, through the door of the library. */
async function readAll(): Promise<void> {
  const say = ({ path, reason }: { path: string; reason: string }): void => {
    const name = relative(estate.root, path);
    findings.set(name, [...(findings.get(name) ?? []), reason]);
  };
  for await (const found of discover([estate.root], NOTHING_OPEN)) {
    if (found.kind === 'finding') {
      say(found);
      continue;
    }
    const opened = await openLegacy(found, { ...NOTHING_OPEN, folder });
    if (isFinding(opened)) {
      say(opened);
      continue;
    }
    await using database = opened;
    const recognition = recognise(database);
    for (const finding of [...database.findings, ...recognition.findings]) say(finding);
    const rows = new Map<string, readonly string[]>();
    const accounts: Record<string, FileRead['accounts'][string]> = {};
    for await (const item of readLegacy(database, recognition)) {
      if (item.kind === 'account') accounts[item.table] = { read: item.read, unreadable: item.unreadable, skipped: item.skipped };
      if (item.kind === 'row') rows.set(`${item.provenance.table} ${item.provenance.row}`, JSON.stringify(item.original).match(MARK) ?? []);
    }
    read.set(relative(estate.root, found.path), { rows, accounts });
  }
}

/** How many rows of each table a file has, those that are left out apart. */
function written({ rows }: TrueFile): Record<string, { read: number; skipped: number }> {
  const tables: Record<string, { read: number; skipped: number }> = {};
  for (const { table, fate } of rows) {
    const counts = (tables[table] ??= { read: 0, skipped: 0 });
    counts[fate === 'left-out' ? 'skipped' : 'read'] += 1;
  }
  return tables;
}

describe('The estate', () => {
  it('has 200 files of 20 people, of every pattern, with mixed owners and damage of every kind', async () => {
    const { people, planned } = await planEstate();
    const files = trueFiles(planned);
    expect(people).toHaveLength(20);
    expect(files).toHaveLength(200);
    expect(new Set(files.map(({ path }) => path)).size).toBe(200);
    const patterns = [...new Set(files.map(({ pattern }) => pattern))];
    expect(patterns.filter((pattern) => pattern.length === 1).sort()).toEqual('A B C D E F G H I J K L M'.split(' '));
    expect(patterns.filter((pattern) => pattern.length > 1).sort()).toEqual([
      'a text',
      'block flipped',
      'encrypted',
      'foreign',
      'header flipped',
      'held',
      'log flipped',
      'orphan log',
      'truncated',
      'wrong magic',
      'zero length',
    ]);
    const rows = files.flatMap((file) => file.rows);
    expect(rows.length).toBeGreaterThan(10_000);
    expect(rows.length).toBeLessThan(20_000);
    const owners = new Set(rows.map(({ owner }) => owner));
    expect(owners).toEqual(new Set([...people.map(({ userName }) => userName), UNASSIGNED]));
    const mixed = files.filter((file) => new Set(file.rows.map(({ owner }) => owner).filter((owner) => owner !== UNASSIGNED)).size > 1);
    expect(mixed.length).toBeGreaterThan(80);
  });

  it('says of no mark that it is of two people', async () => {
    const owners = new Map<string, Set<string>>();
    for (const { rows } of trueFiles((await planEstate()).planned))
      for (const { mark, owner } of rows) if (mark !== null) owners.set(mark, (owners.get(mark) ?? new Set()).add(owner));
    expect([...owners].filter(([, { size }]) => size > 1)).toEqual([]);
  });

  it('is found file by file, or why not is said', () => {
    const said = Object.fromEntries(estate.files.map(({ path }) => [path, findings.get(path) ?? []]));
    for (const { path, pattern, readable, findings: expected } of estate.files) {
      const reasons = said[path] ?? [];
      expect({ path, pattern, found: read.has(path) || reasons.length > 0 }).toEqual({ path, pattern, found: true });
      const isExpected = expected.length === 0 ? reasons.length === 0 : reasons.some((reason) => expected.includes(reason));
      expect({ path, pattern, reasons, isExpected }).toEqual({ path, pattern, reasons, isExpected: true });
      if (readable === 'not') expect(read.get(path)?.rows.size ?? 0).toBe(0);
    }
    expect([...findings.keys()].filter((path) => said[path] === undefined)).toEqual([]);
    expect([...read.keys()].filter((path) => said[path] === undefined)).toEqual([]);
  });

  it('is read row by row as it was written', () => {
    for (const file of estate.files.filter(({ readable }) => readable === 'whole')) {
      const { rows, accounts } = read.get(file.path) ?? { rows: new Map<string, string[]>(), accounts: {} };
      for (const [table, { read, skipped }] of Object.entries(written(file)))
        expect({ path: file.path, table, ...accounts[table] }).toEqual({ path: file.path, table, read, unreadable: 0, skipped });
      expect(rows.size).toBe(file.rows.filter(({ fate }) => fate !== 'left-out').length);
      for (const { table, row, mark, fate } of file.rows)
        if (mark !== null && fate !== 'left-out') expect(rows.get(`${table} ${row}`)).toContain(mark);
    }
  });

  it('is missed row by row where it is damaged', () => {
    for (const file of estate.files.filter(({ readable }) => readable === 'partly')) {
      const { rows, accounts } = read.get(file.path) ?? { rows: new Map<string, string[]>(), accounts: {} };
      const expected = file.rows.filter(({ fate }) => fate !== 'left-out');
      expect(rows.size).toBeGreaterThan(0);
      expect(rows.size).toBeLessThan(expected.length);
      for (const { table, row, mark } of expected) {
        const marks = rows.get(`${table} ${row}`);
        if (mark !== null && marks) expect(marks).toContain(mark);
      }
      const missed = Object.values(accounts).reduce((sum, { unreadable }) => sum + (unreadable ?? 1), 0);
      expect({ pattern: file.pattern, isTold: missed > 0 || (findings.get(file.path) ?? []).length > 0 }).toEqual({
        pattern: file.pattern,
        isTold: true,
      });
    }
  });

  it('is left as it is by whoever reads it', async () => {
    expect(await snapshot(estate.root)).toEqual(before);
  });

  it('is planned in the same way for the same seed, and smaller for fewer people', async () => {
    const texts = async (seed: string) => JSON.stringify((await planEstate({ seed, people: 2 })).planned);
    expect(await texts('again')).toBe(await texts('again'));
    expect(await texts('other')).not.toBe(await texts('again'));
    expect((await planEstate({ people: 2 })).planned.length).toBeLessThan(60);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Audit } from '../estate/audit.ts';
import { SECRET } from '../estate/configuration-file.ts';
import { digestsOf } from '../estate/digest.ts';
import { Estate } from '../estate/estate.ts';
import { closeMemories, openMemories, type Memory } from '../estate/memories.ts';
import { Operator, type Report } from '../estate/operator.ts';
import { snapshot } from '../estate/snapshot.ts';

const MINUTES = 60_000;

let folder: string;
let estate: Estate;
let operator: Operator;
let before: Readonly<Record<string, string>>;
let scan: { readonly files: readonly { readonly path: string }[]; readonly findings: Report['findings'] };
let report: Report;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-estate-'));
  // `npm run estate` takes the whole of 200 files.
  estate = await Estate.write(join(folder, 'estate'), { people: 2 });
  before = await snapshot(estate.root);
  operator = await Operator.at({ root: estate.root, salts: estate.salts });
  await operator.bind(estate.bindings);
  scan = await operator.migrate('scan');
  report = await operator.migrateAll();
}, 10 * MINUTES);
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await estate[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Looks into the memories while nothing has them open. */
async function look<T>(at: (memories: readonly Memory[]) => Promise<T>): Promise<T> {
  const memories = await openMemories(operator);
  try {
    return await at(memories);
  } finally {
    await closeMemories(memories);
  }
}

const audited = (at: (audit: Audit) => Promise<readonly string[]>): Promise<readonly string[]> =>
  look((memories) => at(new Audit(estate, memories, report)));

describe('The migration of an estate', () => {
  it('finds every file, and says of each that can not be read, or not whole, why', () => {
    const found = new Set([...scan.files, ...scan.findings].map(({ path }) => path));
    expect(estate.files.filter(({ path }) => !found.has(join(estate.root, path)))).toEqual([]);
    expect(report.state).toBe('completed');
    expect(new Audit(estate, [], report).unsaid()).toEqual([]);
  });

  it('has one memory for each person', async () => {
    const owners = await look(async (memories) => memories.map(({ owner }) => owner));
    expect(owners.sort()).toEqual([...estate.people.map(({ userName }) => userName), 'unassigned'].sort());
  });

  it('brings every row to its owner, and to nobody else; what is nobody’s is put aside with a reason', async () => {
    expect(await audited((audit) => audit.misplaced())).toEqual([]);
  });

  it('takes in what a row says, and nothing of it stands in a memory of another', async () => {
    expect(await audited((audit) => audit.misread())).toEqual([]);
  });

  it('puts every answer beside the prompt that was really sent', async () => {
    expect(await audited((audit) => audit.mistold())).toEqual([]);
  });

  it('has every score once, on the answer that it is of', async () => {
    expect(await audited((audit) => audit.misjudged())).toEqual([]);
  });

  it('accounts for every row', () => {
    expect(new Audit(estate, [], report).miscounted()).toEqual([]);
  });

  it('leaves no secret in clear', async () => {
    const clear = await look(async (memories) => {
      const found: string[] = [];
      for (const memory of memories)
        for (const table of await memory.tables())
          if ((await memory.texts(table)).some((text) => text.includes(SECRET))) found.push(`${table} of ${memory.owner}`);
      return found;
    });
    expect(clear).toEqual([]);
    expect(JSON.stringify([scan, report])).not.toContain(SECRET);
  });

  it(
    'adds nothing when it is done again',
    async () => {
      const content = async () =>
        look(async (memories) => Promise.all(memories.map(async (memory) => [memory.owner, contentOf(await digestsOf(memory))])));
      const first = await content();
      const again = await operator.migrateAll();
      expect(again.runId).not.toBe(report.runId);
      const added = again.accounts.filter((account) => account.added + account.renamed > 0);
      expect(added).toEqual([]);
      expect(again.discrepancies).toEqual([]);
      expect(await content()).toEqual(first);
    },
    10 * MINUTES,
  );

  it('leaves the files as they are', async () => {
    expect(await snapshot(estate.root)).toEqual(before);
  });
});

/** Without what is noted of each run. */
function contentOf(digests: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(digests).filter(([table]) => !table.startsWith('import_')));
}

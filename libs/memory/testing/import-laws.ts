import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { uuidv7 } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import type { Database } from '#database';
import { ConversationTails } from '../conversation-tails.js';
import { Imports } from '../imports/imports.js';
import { MemoryStore } from '../memory-store.js';
import type { MemoryTables } from '../tables.js';
import { ada, type MemoryHarness } from './harness.js';
import { contentOf, idOf, moment, Source } from './import-rows.js';

const FILES = ['f1', 'f2', 'f3'];

interface Drawn {
  readonly noun: 'generator' | 'prompt' | 'dataset' | 'message' | 'score';
  readonly file: number;
  readonly name: number;
  readonly place: number;
  readonly variant: number;
}

/** Few names, ids and texts, so that everything that can collide does. */
const drawn: fc.Arbitrary<Drawn> = fc.record({
  noun: fc.constantFrom('generator', 'dataset', 'prompt', 'message', 'message', 'message', 'score'),
  file: fc.nat(2),
  name: fc.nat(2),
  place: fc.nat(3),
  variant: fc.nat(2),
});

function rowsOf(all: readonly Drawn[]): ImportRow[] {
  const sources = FILES.map((file) => new Source(file));
  return all.map(({ noun, file, name, place, variant }) => {
    const source = sources[file] as Source;
    const origin = source.file;
    switch (noun) {
      case 'generator':
        return source.row(noun, `g${name}`, { id: idOf(`g${place}`), origin, parameters: { variant }, updatedAt: moment(place) });
      case 'dataset':
        return source.row(noun, `d${variant}`, { id: idOf(`d${name}`), origin, createdAt: moment(place) });
      case 'prompt':
        return source.row(noun, `p${variant}`, { datasetId: idOf(`d${name}`), position: place });
      case 'message': {
        const originalPromptId = idOf(`m${(place * variant) % 4}`);
        return source.row(noun, `text ${variant}`, {
          id: idOf(`m${place}`),
          conversationId: idOf(`c${name}`),
          sequence: place,
          originalPromptId,
        });
      }
      default:
        return source.row('score', `s${name}`, {
          id: idOf(`s${name} ${place}`),
          messageId: idOf(`m${place}`),
          value: variant ? 'true' : 'false',
        });
    }
  });
}

const shuffled = fc.array(drawn, { minLength: 1, maxLength: 40 }).chain((all) => {
  const rows = rowsOf(all);
  return fc.record({
    rows: fc.constant(rows),
    order: fc.shuffledSubarray(rows, { minLength: rows.length }),
    cut: fc.nat(rows.length),
  });
});

class Cut extends Error {}

function* cutOff(rows: readonly ImportRow[]): Generator<ImportRow> {
  yield* rows;
  throw new Cut();
}

/** Imports that die in their nth transaction, before it is committed. */
function mortal(database: Database<MemoryTables>, lives: number): Imports {
  const tails = new ConversationTails();
  let left = lives;
  return new Imports(
    (job) =>
      database.transact(async (tx, insert) => {
        const result = await job(tx, insert, tails.reservations());
        if (--left === 0) throw new Cut();
        return result;
      }),
    (job) => database.read(job),
  );
}

/** What must hold of a memory whatever came into it. */
async function expectSound(store: MemoryStore, rows: readonly ImportRow[], run: string): Promise<void> {
  const { rows: messages } = await store.read((memory) => memory.messages.page({}, 500));
  for (const own of Map.groupBy(messages, (row) => row.conversation_id).values())
    expect(own.map((row) => row.sequence)).toEqual([...own.keys()]);
  const ids = new Set(messages.map(({ id }) => id));
  for (const row of messages) expect(ids.has(row.original_prompt_id)).toBe(true);
  for (const score of await store.read((memory) => memory.scores.list({}, 500))) expect(ids.has(score.message_id)).toBe(true);
  const names = await store.read(async ({ configurations, datasets }) => [
    ...(await configurations('generators').list({ limit: 500, before: null })).map(({ name }) => `generator ${name}`),
    ...(await datasets.list({ limit: 500, before: null })).map(({ name }) => `dataset ${name}`),
  ]);
  expect(new Set(names).size).toBe(names.length);
  const account = await store.imports.account(run);
  expect(account.reduce((sum, { read }) => sum + read, 0)).toBe(rows.length);
  for (const each of account) expect(each.added + each.renamed + each.duplicate + each.quarantined).toBe(each.read);
}

export function importLaws(harness: MemoryHarness): void {
  /** A new memory, and what is in it in the end. */
  async function contentAfter(
    work: (store: MemoryStore) => Promise<void>,
    name: string = uuidv7(),
  ): Promise<Record<string, readonly string[]>> {
    const store = await MemoryStore.open(await harness.open(name), name, ada, true);
    try {
      await work(store);
    } finally {
      await store.close();
    }
    const database = await harness.open(name);
    try {
      return { ...(await contentOf(database)), owner: [] };
    } finally {
      await database.close();
    }
  }

  describe('whatever is imported', () => {
    it('comes to the same in any order and in any calls; taken in twice it adds nothing', async () => {
      const property = fc.asyncProperty(shuffled, async ({ rows, order, cut }) => {
        const run = uuidv7();
        const straight = await contentAfter(async (store) => {
          await store.imports.take(run, rows);
          await expectSound(store, rows, run);
        });
        const shuffledOnce = await contentAfter(async (store) => {
          await expect(store.imports.receive(run, cutOff(order.slice(0, cut)))).rejects.toThrow(Cut);
          await store.imports.receive(run, order.slice(0, cut));
          await store.imports.take(run, order);
          await store.imports.take(run, rows);
          const account = await store.imports.take(uuidv7(), order);
          for (const each of account) expect(each.added + each.renamed).toBe(0);
        });
        expect(shuffledOnce).toEqual(straight);
      });
      await fc.assert(property, { numRuns: 12 });
    }, 120_000);

    it('comes to the same when it was cut off between any of its transactions and taken up', async () => {
      const property = fc.asyncProperty(shuffled, async ({ rows, order }) => {
        const run = uuidv7();
        const straight = await contentAfter(async (store) => void (await store.imports.take(run, rows)));
        const name = uuidv7();
        await contentAfter(() => Promise.resolve(), name);
        for (let [done, lives] = [false, 1]; !done; lives++) {
          const database = await harness.open(name);
          done = await mortal(database, lives)
            .take(run, order)
            .then(
              () => true,
              (error: unknown) => {
                if (error instanceof Cut) return false;
                throw error;
              },
            );
          await database.close();
        }
        expect(await contentAfter((store) => expectSound(store, rows, run), name)).toEqual(straight);
      });
      await fc.assert(property, { numRuns: 8 });
    }, 120_000);

    it('is undone without a trace in what was there before, what was renamed for it included', async () => {
      const property = fc.asyncProperty(shuffled, async ({ order, cut }) => {
        const [first, second] = [uuidv7(), uuidv7()];
        const name = uuidv7();
        const before = await contentAfter(async (store) => void (await store.imports.take(first, order.slice(0, cut))), name);
        const after = await contentAfter(async (store) => {
          await store.imports.take(second, order.slice(cut));
          await expectSound(store, order.slice(cut), second);
          expect((await store.imports.undo(second)).kept).toEqual([]);
          expect(await store.imports.undo(second)).toEqual({ removed: 0, kept: [] });
        }, name);
        expect(after).toEqual(before);
        const nothing = await contentAfter(async (store) => {
          expect((await store.imports.undo(first)).kept).toEqual([]);
        }, name);
        expect(Object.values(nothing).flat()).toEqual([]);
      });
      await fc.assert(property, { numRuns: 12 });
    }, 120_000);
  });
}

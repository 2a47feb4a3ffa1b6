import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { uuidv7 } from '#core';
import type { ImportNoun, ImportRow } from '../imports/import-row.js';
import type { Database } from '#database';
import { ConversationTails } from '../conversation-tails.js';
import { Imports } from '../imports/imports.js';
import { MemoryStore } from '../memory-store.js';
import type { MemoryTables } from '../tables.js';
import { ada, type MemoryHarness } from './harness.js';
import { contentOf, idOf, moment, Source } from './import-rows.js';

const FILES = ['f1', 'f2', 'f3'];

interface Drawn {
  readonly noun: ImportNoun;
  readonly file: number;
  readonly name: number;
  readonly place: number;
  readonly variant: number;
}

/** Few names, ids and texts, so that everything that can collide does. */
const drawn: fc.Arbitrary<Drawn> = fc.record({
  noun: fc.constantFrom(
    ...([
      'generator',
      'dataset',
      'prompt',
      'orchestrator',
      'execution',
      'execution',
      'item',
      'attempt',
      'outcome',
      'attackResult',
    ] as const),
    ...(['message', 'message', 'message', 'message', 'score', 'score'] as const),
  ),
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
        // The third file has no ids for its messages.
        const derived = file === 2;
        const id = idOf(derived ? `m${place} of ${name} there` : `m${place}`);
        const originalPromptId = derived ? id : idOf(`m${(place * variant) % 4}`);
        return source.row(noun, `text ${variant}`, {
          ...(derived ? { derived } : {}),
          id,
          conversationId: idOf(`c${name}`),
          sequence: place,
          originalPromptId,
          executionId: variant === 0 ? null : idOf(`e${name}`),
          itemId: idOf(`i${place}`),
        });
      }
      case 'orchestrator':
        return source.row(noun, `o${name}`, {
          id: idOf(`o${place}`),
          origin,
          parameters: { generatorId: idOf(`g${variant}`) },
          updatedAt: moment(place),
        });
      case 'execution':
        return source.row(noun, `e${name}`, {
          reason: variant ? `${variant}` : null,
          orchestratorId: idOf(`o${place}`),
          finishedAt: moment(place),
        });
      case 'item':
        return source.row(noun, `i${place}`, { executionId: idOf(`e${name}`), position: variant, promptId: idOf(`m${variant}`) });
      case 'attempt':
        return source.row(noun, `a${place}`, {
          executionId: idOf(`e${name}`),
          itemId: idOf(`i${place}`),
          requestId: idOf(`m${variant}`),
          responseId: idOf(`m${place}`),
        });
      case 'outcome':
        return source.row(noun, `i${place}`, { executionId: idOf(`e${name}`), reason: variant ? `${variant}` : null });
      case 'attackResult':
        return source.row(noun, `i${place}`, {
          executionId: idOf(`e${name}`),
          conversationId: idOf(`c${variant}`),
          prunedConversationIds: [idOf(`c${place}`)],
        });
      default:
        return source.row('score', `s${name}`, {
          id: idOf(`s${name} ${place}`),
          messageId: idOf(file === 2 ? `m${place} of ${name} there` : `m${place}`),
          value: variant ? 'true' : 'false',
          executionId: variant === 0 ? null : idOf(`e${name}`),
          scoringRunId: variant === 0 ? null : idOf(`run ${place}`),
        });
    }
  });
}

const shuffled = fc.array(drawn, { minLength: 1, maxLength: 60 }).chain((all) => {
  const rows = rowsOf(all);
  return fc.record({
    rows: fc.constant(rows),
    order: fc.shuffledSubarray(rows, { minLength: rows.length }),
    cut: fc.nat(rows.length),
  });
});

/** Each opens several memories. Raise it when what an import decides is changed. */
const RUNS = 4;

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

/** Whether earlier rows refer to a configuration: it would stay for them. */
function namedBy(earlier: readonly ImportRow[], row: ImportRow): boolean {
  if (row.noun !== 'generator' && row.noun !== 'orchestrator') return false;
  return earlier.some(
    ({ noun, value }) => (noun === 'execution' || noun === 'orchestrator') && JSON.stringify({ ...value, id: null }).includes(row.value.id),
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
  const executions = new Set((await store.read((memory) => memory.executions.list({ limit: 500, before: null }))).map(({ id }) => id));
  for (const row of messages) if (row.execution_id !== null) expect(executions.has(row.execution_id)).toBe(true);
  const names = await store.read(async ({ configurations, datasets }) => [
    ...(await configurations('generators').list({ limit: 500, before: null })).map(({ name }) => `generator ${name}`),
    ...(await configurations('orchestrators').list({ limit: 500, before: null })).map(({ name }) => `orchestrator ${name}`),
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
      await fc.assert(property, { numRuns: RUNS });
    }, 120_000);

    it('comes to the same where it is too much to be read at once, and what belongs together came in far apart', async () => {
      const source = new Source('f1');
      const text = 'long '.repeat(300);
      const half = 1_200;
      const rows = Array.from({ length: 2 * half }, (_, index) => {
        const [conversation, sequence] = [index % half, Math.floor(index / half)];
        const value = { conversationId: idOf(`c${conversation}`), sequence, sentAt: moment(conversation * 2 + sequence) };
        return source.row('message', `${text} ${index}`, { ...value, id: idOf(`m${index}`), originalPromptId: idOf(`m${index}`) });
      });
      const together = rows.toSorted((a, b) => (a.provenance.row % half) - (b.provenance.row % half));
      const run = uuidv7();
      const straight = await contentAfter(async (store) => void (await store.imports.take(run, together)));
      expect(straight['messages']).toHaveLength(rows.length);
      const interleaved = await contentAfter(async (store) => {
        await store.imports.receive(run, rows);
        expect(await store.imports.settleSome(run, 1)).toBe(true);
        expect((await store.imports.account(run))[0]?.waiting).toBeGreaterThan(0);
        expect(await store.imports.settleSome(run, 1)).toBe(true);
        expect(await store.imports.settle(run)).toMatchObject([{ read: rows.length, added: rows.length, waiting: 0 }]);
        expect(await store.imports.settleSome(run, 1)).toBe(false);
        const { rows: first } = await store.read((memory) => memory.messages.page({ conversationId: idOf('c7') }, 10));
        expect(first.map(({ original_value }) => original_value)).toEqual([7, half + 7].map((index) => `${text} ${index}`));
      });
      expect(interleaved).toEqual(straight);
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
      await fc.assert(property, { numRuns: RUNS });
    }, 120_000);

    it('comes out of the memory as it is there, and into it again as nothing new', async () => {
      const property = fc.asyncProperty(shuffled, async ({ rows }) => {
        const exported: ImportRow[] = [];
        const source = await contentAfter(async (store) => {
          await store.imports.take(uuidv7(), rows);
          for await (const row of store.imports.exportRows((text) => text)) exported.push(row);
          for (const { read, duplicate } of await store.imports.take(uuidv7(), exported)) expect(duplicate).toBe(read);
        });
        const run = uuidv7();
        const target = await contentAfter(async (store) => {
          for (const { read, added } of await store.imports.take(run, exported)) expect(added).toBe(read);
          for (const { meant, stored } of await store.imports.digests(run)) expect(stored).toBe(meant);
        });
        expect(target).toEqual(source);
      });
      await fc.assert(property, { numRuns: RUNS });
    }, 120_000);

    it('is undone without a trace in what was there before, what was renamed for it included', async () => {
      const property = fc.asyncProperty(shuffled, async ({ order, cut }) => {
        const [first, second] = [uuidv7(), uuidv7()];
        const name = uuidv7();
        const earlier = order.slice(0, cut);
        const later = order.slice(cut).filter((row) => !namedBy(earlier, row));
        const before = await contentAfter(async (store) => void (await store.imports.take(first, earlier)), name);
        const after = await contentAfter(async (store) => {
          await store.imports.take(second, later);
          await expectSound(store, later, second);
          expect((await store.imports.undo(second)).kept).toEqual([]);
          expect(await store.imports.undo(second)).toEqual({ removed: 0, kept: [] });
        }, name);
        expect(after).toEqual(before);
        const nothing = await contentAfter(async (store) => {
          expect((await store.imports.undo(first)).kept).toEqual([]);
        }, name);
        expect(Object.values(nothing).flat()).toEqual([]);
      });
      await fc.assert(property, { numRuns: RUNS });
    }, 120_000);
  });
}

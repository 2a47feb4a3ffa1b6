import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GeneratorError, ITEM_STATES, uuidv7, type Coverage, type GeneratorReply, type Item, type ItemState } from '#core';
// Only a test may know both: what the engine's tally says must be what a real store says.
// oxlint-disable-next-line no-restricted-imports
import { openDuckDb } from '#database';
// oxlint-disable-next-line no-restricted-imports
import { MemoryStore, type MemoryTables } from '#memory';
import { planItems } from './plan.js';
import { Tally } from './tally.js';
import { Campaign, collect, FunctionGenerator, orchestrator, pages, plainScorer, verdict } from './testing/campaign.js';

const OWNER = { store_id: uuidv7(), user_id: uuidv7(), issuer: 'https://issuer.example', name: 'ada', aliases: [] };

let folder: string;
let store: MemoryStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-'));
  store = await openStore(true);
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function openStore(provisioning: boolean): Promise<MemoryStore> {
  const database = await openDuckDb<MemoryTables>({ directory: folder, file: 'ada.db' }, { create: provisioning });
  return MemoryStore.open(database, 'ada.db', OWNER, provisioning);
}

/** Keeps the plan of an execution, as it is before anything is sent. */
async function plan(prompts: number): Promise<{ executionId: string; items: Item[] }> {
  const values = Array.from({ length: prompts }, (_, index) => `prompt ${index % 3}`);
  const items = (await collect(planItems(pages(values, 5), { chains: [[]], repeats: 1 }))).flat();
  const executionId = uuidv7();
  await store.appendRows({ items: items.map(({ promptId, ...item }) => ({ execution_id: executionId, prompt_id: promptId, ...item })) });
  await store.transact((memory) =>
    memory.executions.create({
      id: executionId,
      orchestrator_id: uuidv7(),
      plan: {},
      plan_hash: '',
      planned: items.length,
      state: 'running',
      reason: null,
      on_unknown_outcome: 'resend',
      labels: {},
      created_at: new Date().toISOString(),
      cancel_requested_at: null,
      max_requests: null,
      max_tokens: null,
      max_cost: null,
      started_at: null,
      finished_at: null,
    }),
  );
  return { executionId, items };
}

/** What a target may do, one after the other, over and over. */
const BEHAVIOURS = ['answer', 'block', 'reject', 'unavailable', 'hang'] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

function respond(behaviour: Behaviour, signal: AbortSignal): GeneratorReply | Promise<GeneratorReply> {
  if (behaviour === 'reject') throw new GeneratorError('rejected', 'no');
  if (behaviour === 'unavailable') throw new GeneratorError('unavailable', 'not now');
  const reply: GeneratorReply = { kind: behaviour === 'block' ? 'blocked' : 'answered', text: 'hello', finishReason: 'stop', usage: null };
  if (behaviour !== 'hang') return reply;
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

/** One life of the process: how its target behaves, and what ends it after so many batches, if it does not end by itself before. */
const life = fc.record({
  behaviours: fc.array(fc.constantFrom(...BEHAVIOURS), { minLength: 1, maxLength: 6 }),
  scores: fc.constantFrom('all', 'none', 'fails'),
  policy: fc.constantFrom('resend' as const, 'mark' as const),
  batches: fc.integer({ min: 1, max: 8 }),
  ending: fc.constantFrom('crash', 'crash unsaved', 'stop', 'abandon', 'cancel', 'none'),
  reopened: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

const plain: Life = { behaviours: ['answer'], scores: 'all', policy: 'resend', batches: 1_000, ending: 'none', reopened: false };

/** Together they lead to every state that the engine knows. */
const EXAMPLES: [number, Life[]][] = [
  [
    6,
    [
      { ...plain, ending: 'crash', batches: 1, reopened: true },
      { ...plain, policy: 'mark' },
    ],
  ],
  [6, [{ ...plain, scores: 'none' }]],
  [6, [{ ...plain, behaviours: ['block', 'reject'] }]],
  [6, [{ ...plain, ending: 'cancel', batches: 1 }]],
];

it('counts what a real store counts after every batch, and both sum up to what was planned, through crashes, stops, cancels and take-ups', async () => {
  const reached = new Set<ItemState>();

  const agree = async (executionId: string, tally: Tally, planned: number): Promise<Coverage> => {
    const coverage = tally.coverage();
    expect(coverage).toEqual(await store.read((memory) => memory.items.coverage(executionId)));
    expect(ITEM_STATES.reduce((sum, state) => sum + coverage[state], 0)).toBe(planned);
    expect(coverage.planned).toBe(planned);
    for (const state of ITEM_STATES) {
      expect(coverage[state]).toBeGreaterThanOrEqual(0);
      if (coverage[state] > 0) reached.add(state);
    }
    return coverage;
  };

  const live = async (
    executionId: string,
    scoringRunId: string,
    { behaviours, scores, policy, batches, ending }: Life,
    planned: number,
  ) => {
    const tally = new Tally(await store.read((memory) => memory.items.coverage(executionId)));
    await agree(executionId, tally, planned);
    const progress = await store.read((memory) => memory.items.open(executionId, -1, 100));
    const hangs = behaviours.includes('hang');
    const target: FunctionGenerator = new FunctionGenerator(
      (_, signal) => respond(behaviours[target.requests % behaviours.length] ?? 'answer', signal),
      3,
      uuidv7(),
    );
    const failing = plainScorer(() => {
      throw new Error('no verdict');
    });
    const scorers = scores === 'none' ? [] : [scores === 'all' ? plainScorer(() => verdict('true')) : failing];
    const campaign = new Campaign(orchestrator(target, { scorers }), {
      scoringRunId,
      onUnknownOutcome: policy,
      retry: { maxRetries: 1, baseMs: 0, maxMs: 0 },
    });
    // A target that hangs would wait for the end of time: what ends this life comes soon.
    const timer = hangs ? setTimeout(() => campaign.abandon.abort(), 40) : undefined;
    let left = batches;
    for await (const events of campaign.run(progress, 4)) {
      left -= 1;
      if (left === 0 && ending === 'crash unsaved') break;
      await store.append(events, { executionId, labels: {} });
      tally.add(events);
      await agree(executionId, tally, planned);
      if (left > 0) continue;
      if (ending === 'crash') break;
      if (ending === 'stop' || ending === 'abandon' || ending === 'cancel') campaign[ending].abort();
    }
    clearTimeout(timer);
    await agree(executionId, tally, planned);
  };

  const check = async (prompts: number, lives: Life[]): Promise<void> => {
    const { executionId, items } = await plan(prompts);
    const scoringRunId = uuidv7();
    for (const one of lives) {
      await live(executionId, scoringRunId, one, items.length);
      if (!one.reopened) continue;
      await store.close();
      store = await openStore(false);
    }
    await live(executionId, scoringRunId, plain, items.length);
    expect((await store.read((memory) => memory.items.coverage(executionId))).open).toBe(0);
  };

  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.array(life, { maxLength: 3 }), check), {
    numRuns: 20,
    examples: EXAMPLES,
  });
  expect([...reached].sort()).toEqual(ITEM_STATES.filter((state) => state !== 'skipped').sort());
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { uuidv7, type ExecutionEvent, type UnknownOutcomePolicy } from '#core';
import { openDuckDb } from '#database';
import { MemoryStore, type ExecutionTable, type MemoryTables } from '#memory';
import { drainedInvariants, FINAL_INVARIANTS, JOURNAL_INVARIANTS, TRIES } from './journal-invariants.ts';
import { MemoryCopy } from './memory-copy.ts';

const INVARIANTS = [...JOURNAL_INVARIANTS, ...drainedInvariants('2000-01-01T00:00:00.000Z'), ...FINAL_INVARIANTS];

/** What breaks each invariant, in a memory in which all of them hold. */
const BREAKS: Readonly<Record<string, string>> = {
  'an execution has exactly the items that were planned': 'delete from items where position = 1',
  'a dataset has exactly the prompts that it counts': 'delete from prompts',
  'an item is settled once in a scoring run': 'insert into outcomes from outcomes limit 1',
  'an answer is scored once by a scorer version in a scoring run': 'insert into scores select * replace (uuid() as id) from scores limit 1',
  'a scored item has one score of each scorer, any other has none': 'delete from scores',
  'a score belongs to an item that was settled with it': 'delete from outcomes',
  'a score judges an answer of its own item': 'update messages set item_id = uuid()',
  'an attempt is intended once, comes to at most one end, and never to one without having been intended':
    'insert into attempts from attempts limit 1',
  'an item is sent again only after a recorded failure or loss: at most 1 + retries + unknown outcomes':
    "delete from attempts where phase in ('failed', 'lost')",
  'the attempts of an item are numbered without a gap': 'update attempts set retry = 5 where retry = 1',
  'with `mark`, what was lost is never sent again': "update executions set on_unknown_outcome = 'mark'",
  'an item is unknown exactly when `mark` forbade to send what was lost again': "update executions set on_unknown_outcome = 'resend'",
  'an item has at most one answer, and one where its state says so': "update attempts set phase = 'answered' where phase = 'failed'",
  'an answer has its request and its response among the messages, and they have it': 'delete from messages',
  'the messages of a conversation are numbered 0, 1, 2 …': 'update messages set sequence = sequence + 1',
  'in an execution that has ended every item is settled, and no request is open': "delete from attempts where phase = 'answered'",
  'only what somebody cancelled is cancelled': "update executions set state = 'cancelled'",
  'a memory has one owner': 'delete from owner',
  'a server that is told to end leaves no request open in the journal': "delete from attempts where phase = 'answered'",
  'no item is left of a plan that did not come to be': 'delete from executions',
  'no prompt is left of a dataset that did not come to be': 'delete from datasets',
};

const SCORER = { id: uuidv7(), name: 'said it', type: 'substring', version: '1' };
const PATH = 'memory.db';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'violentutf-journal-'));
  const database = await openDuckDb<MemoryTables>({ directory, file: PATH }, { create: true });
  const owner = { store_id: uuidv7(), user_id: uuidv7(), issuer: 'test', name: 'ada', aliases: [] };
  const store = await MemoryStore.open(database, PATH, owner, true);
  await remember(store);
  await store.close();
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** A dataset, and two executions that have ended: one that was retried and resent, one that left an item unknown. */
async function remember(store: MemoryStore): Promise<void> {
  const created_at = new Date().toISOString();
  const dataset = uuidv7();
  await store.appendRows({
    prompts: [{ dataset_id: dataset, position: 0, prompt_id: uuidv7(), value: 'a', harm_categories: [], metadata: {} }],
  });
  const columns = { name: 'seeds', description: '', source: 'json', prompt_count: 1, duplicate_count: 0, content_hash: '' };
  await store.transact((memory) => memory.datasets.create({ id: dataset, ...columns, created_at }));
  const [retried, resent] = await execution(store, 'resend', 2);
  await answered(store, retried, 'attempt-failed');
  await answered(store, resent, 'attempt-lost');
  const [marked] = await execution(store, 'mark', 1);
  await store.append([...tried(marked, 0, 'attempt-lost'), settled(marked, 'unknown')], { executionId: marked.executionId, labels: {} });
}

interface Place {
  readonly executionId: string;
  readonly itemId: string;
  readonly scoringRunId: string;
}

async function execution(store: MemoryStore, policy: UnknownOutcomePolicy, planned: number): Promise<[Place, Place]> {
  const id = uuidv7();
  const itemIds = [uuidv7(), uuidv7()] as const;
  const rows = itemIds.slice(0, planned).map((itemId, position) => ({
    execution_id: id,
    id: itemId,
    position,
    prompt_id: uuidv7(),
    value: `prompt ${position}`,
    chain: 0,
    repeat: 0,
    occurrence: 0,
  }));
  await store.appendRows({ items: rows });
  const now = new Date().toISOString();
  const row: ExecutionTable = {
    id,
    orchestrator_id: uuidv7(),
    plan: { scorers: [SCORER] },
    plan_hash: '',
    planned,
    state: 'completed',
    reason: null,
    on_unknown_outcome: policy,
    labels: {},
    created_at: now,
    cancel_requested_at: null,
    max_requests: null,
    max_tokens: null,
    max_cost: null,
    started_at: now,
    finished_at: now,
  };
  await store.transact((memory) => memory.executions.create(row));
  const scoringRunId = uuidv7();
  const [first, second] = itemIds;
  return [
    { executionId: id, itemId: first, scoringRunId },
    { executionId: id, itemId: second, scoringRunId },
  ];
}

/** An intent, and what came of it. */
function tried({ itemId }: Place, retry: number, kind: 'attempt-failed' | 'attempt-lost'): ExecutionEvent[] {
  const attempt = { itemId, attemptId: uuidv7(), at: Date.now() };
  const intent: ExecutionEvent = { ...attempt, kind: 'attempt-intended', purpose: 'target', turn: 0, branch: 0, retry };
  return [intent, kind === 'attempt-lost' ? { ...attempt, kind } : { ...attempt, kind, latencyMs: 1, fault: 'timeout', detail: 'Late.' }];
}

function settled({ itemId, scoringRunId }: Place, state: 'scored' | 'unknown'): ExecutionEvent {
  return { kind: 'item-settled', itemId, scoringRunId, state, reason: null, at: Date.now() };
}

/** One that went wrong first, and then was answered and scored. */
async function answered(store: MemoryStore, place: Place, first: 'attempt-failed' | 'attempt-lost'): Promise<void> {
  const { itemId, scoringRunId, executionId } = place;
  const before = tried(place, 0, first);
  const attempt = { itemId, attemptId: uuidv7(), at: Date.now() };
  const responseId = uuidv7();
  const exchange = { conversationId: uuidv7(), requestId: uuidv7(), responseId, original: 'a', converted: 'a', response: 'b' };
  const score = { type: 'true_false', value: 'true', category: null, rationale: 'It did.', metadata: null } as const;
  const events: ExecutionEvent[] = [
    ...before,
    { ...attempt, kind: 'attempt-intended', purpose: 'target', turn: 0, branch: 0, retry: 1 },
    { ...attempt, kind: 'attempt-answered', blocked: false, latencyMs: 1, finishReason: 'stop', usage: null, exchange },
    { kind: 'item-scored', scoreId: uuidv7(), itemId, messageId: responseId, scoringRunId, scorer: SCORER, at: attempt.at, score },
    settled(place, 'scored'),
  ];
  await store.append(events, { executionId, labels: {} });
}

async function broken(doctor: string | null): Promise<string[]> {
  await using memory = await MemoryCopy.open(join(directory, PATH));
  if (doctor !== null) await memory.run(doctor);
  await memory.run(TRIES);
  const sentences: string[] = [];
  for (const { sentence, offenders } of INVARIANTS) if ((await memory.rows(offenders)).length > 0) sentences.push(sentence);
  return sentences;
}

it('holds in a memory that is whole', async () => {
  expect(await broken(null)).toEqual([]);
});

it.each(INVARIANTS.map(({ sentence }) => sentence))('is seen to be broken: %s', async (sentence) => {
  expect(await broken(BREAKS[sentence] ?? '')).toContain(sentence);
});

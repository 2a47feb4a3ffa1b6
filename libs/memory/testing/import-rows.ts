import { expect } from '@jest/globals';
import { contentId, promptId, uuidv7 } from '#core';
import type { Database } from '#database';
import type { ImportNoun, ImportRow, ImportValues } from '../imports/import-row.js';
import type { MemoryStore } from '../memory-store.js';
import type { MemoryTables } from '../tables.js';

const AT = '2025-06-07T08:09:10.111Z';

/** The moment `minutes` after the first. */
export function moment(minutes: number): string {
  return new Date(Date.parse(AT) + minutes * 60_000).toISOString();
}

/** An id that is the same in every test. */
export function idOf(name: string): string {
  return contentId({ name });
}

const DEFAULTS: { [Noun in ImportNoun]: (name: string) => ImportValues[Noun] } = {
  generator: configuration,
  converter: configuration,
  scorer: configuration,
  orchestrator: configuration,
  execution: (name) => ({
    id: idOf(name),
    orchestratorId: idOf('orchestrator'),
    plan: { name, chains: [[], [{ type: 'base64' }]] },
    planHash: `hash of ${name}`,
    planned: 1,
    state: 'completed',
    reason: null,
    onUnknownOutcome: 'mark',
    labels: { operation: 'blue' },
    createdAt: AT,
    cancelRequestedAt: null,
    maxRequests: 7,
    maxTokens: null,
    maxCost: 1.25,
    startedAt: AT,
    finishedAt: AT,
  }),
  item: (value) => ({
    executionId: idOf('execution'),
    id: idOf(value),
    position: 0,
    promptId: promptId(value),
    value,
    chain: 0,
    repeat: 0,
    occurrence: 0,
  }),
  attempt: (name) => ({
    executionId: idOf('execution'),
    itemId: idOf('item'),
    attemptId: idOf(name),
    phase: 'answered',
    happenedAt: AT,
    purpose: null,
    turn: null,
    branch: null,
    retry: null,
    latencyMs: 12,
    blocked: false,
    finishReason: 'stop',
    inputTokens: 3,
    outputTokens: 4,
    requestId: null,
    responseId: null,
    fault: null,
    detail: null,
  }),
  outcome: (name) => ({
    executionId: idOf('execution'),
    itemId: idOf(name),
    scoringRunId: idOf('scoring run'),
    state: 'scored',
    reason: null,
    settledAt: AT,
  }),
  attackResult: (name) => ({
    executionId: idOf('execution'),
    itemId: idOf(name),
    scoringRunId: idOf('scoring run'),
    outcome: 'success',
    reason: null,
    turns: 2,
    backtracks: 1,
    conversationId: null,
    responseId: null,
    prunedConversationIds: [],
    attackerConversationIds: [],
    latencyMs: 30,
    inputTokens: 5,
    outputTokens: 6,
    endedAt: AT,
  }),
  dataset: (name) => ({ id: idOf(name), name, description: '', source: 'native', origin: 'f1', createdAt: AT }),
  prompt: (value) => ({ datasetId: idOf('harms'), position: 0, value, harmCategories: [], metadata: {} }),
  message: (value) => ({
    id: idOf(value),
    conversationId: idOf('conversation'),
    sequence: 0,
    role: 'user',
    sentAt: AT,
    originalValue: value,
    convertedValue: value,
    dataType: 'text',
    responseError: 'none',
    labels: { operation: 'blue' },
    metadata: {},
    originalPromptId: idOf(value),
  }),
  score: (name) => ({
    id: idOf(name),
    messageId: idOf('a'),
    scorerName: name,
    scorerType: 'legacy',
    scorerVersion: '0',
    scoreType: 'true_false',
    value: 'true',
    category: null,
    rationale: 'because',
    metadata: {},
    scoredAt: AT,
    synthetic: false,
  }),
  remainder: () => ({ reason: 'It is an API key of another issuer.' }),
};

function configuration(name: string): ImportValues['generator'] {
  return { id: idOf(name), name, type: 'echo', parameters: {}, secrets: {}, origin: 'f1', createdAt: AT, updatedAt: AT };
}

/** Rows of one file, numbered as they are made. */
export class Source {
  #row = 0;

  constructor(readonly file: string) {}

  row<Noun extends ImportNoun>(noun: Noun, name: string, changes: Partial<ImportValues[Noun]> = {}): ImportRow {
    const provenance = { file: this.file, table: `${noun}s`, row: this.#row++ };
    return { noun, provenance, value: { ...DEFAULTS[noun](name), ...changes }, original: `sealed ${noun} ${name}` } as unknown as ImportRow;
  }
}

/** Everything that a memory holds but what it notes of imports, table by table, in no order of writing. */
export async function contentOf(database: Database<MemoryTables>): Promise<Record<string, readonly string[]>> {
  const tables = [
    'owner',
    'generators',
    'converters',
    'scorers',
    'orchestrators',
    'datasets',
    'prompts',
    'executions',
    'items',
    'attempts',
    'outcomes',
    'messages',
    'long_texts',
    'scores',
    'attack_results',
  ] as const satisfies readonly (keyof MemoryTables)[];
  return database.read(async (db) => {
    const content: Record<string, readonly string[]> = {};
    for (const table of tables)
      content[table] = (await db.selectFrom(table).selectAll().execute()).map((row) => JSON.stringify(row)).sort();
    return content;
  });
}

/** `u0 a1`: messages by the first letter of their role, numbered by their place. */
export function conversation(source: Source, id: string, texts: readonly string[]): ImportRow[] {
  return texts.map((text, sequence) =>
    source.row('message', text, { conversationId: id, sequence, role: text.startsWith('a') ? 'assistant' : 'user' }),
  );
}

/** Plans rows, takes them in, and compares: what became of each, in the order given. */
export async function decisionsOf(store: MemoryStore, rows: readonly ImportRow[], runId = uuidv7()): Promise<string[]> {
  const planned = await store.imports.plan(rows);
  await store.imports.take(runId, rows);
  const account = await store.imports.account(runId);
  expect(account.reduce((sum, each) => sum + each.read, 0)).toBe(rows.length);
  for (const { read, added, renamed, duplicate, quarantined, waiting } of account) {
    expect(waiting).toBe(0);
    expect(added + renamed + duplicate + quarantined).toBe(read);
  }
  const byRow = new Map(planned.map((each) => [JSON.stringify(each.provenance), each.decision]));
  // The plan says what then happened.
  for (const decision of ['added', 'renamed', 'duplicate', 'quarantined'] as const)
    expect(account.reduce((sum, each) => sum + each[decision], 0)).toBe(planned.filter((each) => each.decision === decision).length);
  return rows.map(({ provenance }) => byRow.get(JSON.stringify(provenance)) ?? 'forgotten');
}

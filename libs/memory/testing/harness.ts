import { contentId, uuidv7, type Item, type Role } from '#core';
import type { Database } from '#database';
import type { JournalContext } from '../journal-rows.js';
import { MemoryStore } from '../memory-store.js';
import type { MessageDraft } from '../message-writer.js';
import type { Owner } from '../owner.js';
import type { ExecutionTable, ItemTable, MemoryTables } from '../tables.js';

/** What the conformance suite needs to know of an engine. */
export interface MemoryHarness {
  /** Opens the database of that name, which is made when it is not there. */
  open(name: string): Promise<Database<MemoryTables>>;
  /** How another process opens it: a module that exports `openMemory(place): Promise<Database<MemoryTables>>`, and what to hand it. */
  elsewhere(name: string): Promise<{ readonly module: string; readonly place: string }>;
  /** Closes and removes all that was opened. */
  cleanup(): Promise<void>;
}

export const ada: Owner = {
  store_id: '01890000-0000-7000-8000-00000000000a',
  user_id: '01890000-0000-7000-8000-0000000000ad',
  issuer: 'https://issuer.example',
  name: 'ada',
  aliases: [{ issuer: 'https://issuer.example', name: 'ada@example.org' }],
};

/** Opens Ada's memory, made when it is not there: a new one for every test, the same one again after it was closed. */
export type OpenMemory = () => Promise<MemoryStore>;

export function memoryOf(harness: MemoryHarness): OpenMemory {
  return async () => MemoryStore.open(await harness.open('memory'), 'memory', ada, true);
}

/** A plan of `count` prompts, in turn through two converter chains. */
export function planOf(count: number): Item[] {
  return Array.from({ length: count }, (_, position) => {
    const value = `prompt ${position}`;
    return { id: contentId({ position }), position, promptId: contentId({ value }), value, chain: position % 2, repeat: 0, occurrence: 0 };
  });
}

export function itemRows(executionId: string, items: readonly Item[]): ItemTable[] {
  return items.map(({ promptId, ...item }) => ({ execution_id: executionId, prompt_id: promptId, ...item }));
}

export function executionRow(changes: Partial<ExecutionTable> = {}): ExecutionTable {
  return {
    id: uuidv7(),
    orchestrator_id: uuidv7(),
    plan: { strategy: 'prompt-sending', chains: [[], [{ type: 'base64' }]], seed: null },
    plan_hash: 'f00d',
    planned: 0,
    state: 'queued',
    reason: null,
    on_unknown_outcome: 'resend',
    labels: { operation: 'blue' },
    created_at: '2026-01-02T03:04:05.678Z',
    started_at: null,
    cancel_requested_at: null,
    max_requests: null,
    max_tokens: null,
    max_cost: null,
    finished_at: null,
    ...changes,
  };
}

export interface Planned {
  readonly executionId: string;
  readonly items: readonly Item[];
  readonly context: JournalContext;
  /** The item at a position. */
  at(position: number): Item;
}

/** An execution with its plan, as they are before anything is sent. */
export async function planned(store: MemoryStore, count: number): Promise<Planned> {
  const row = executionRow({ planned: count, state: 'running' });
  const items = planOf(count);
  await store.appendRows({ items: itemRows(row.id, items) });
  await store.transact((memory) => memory.executions.create(row));
  return {
    executionId: row.id,
    items,
    context: { executionId: row.id, labels: row.labels },
    at: (position) => {
      const item = items[position];
      if (!item) throw new RangeError(`The plan has no position ${position}.`);
      return item;
    },
  };
}

/** Messages whose roles are given by their first letters. */
export function turns(roles: string): MessageDraft[] {
  const names: Record<string, Role> = { s: 'system', u: 'user', a: 'assistant' };
  return roles.split('').map((letter, n) => ({ role: names[letter] ?? 'user', originalValue: `${letter}${n}` }));
}

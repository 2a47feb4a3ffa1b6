import { sql, type Transaction } from 'kysely';
import { contentId, Pace } from '#core';
import type { AttackResultTable, AttemptTable, ItemTable, MemoryTables, OutcomeTable } from '../tables.js';
import { idHere, rowHash } from './canonical.js';
import type { ImportValues } from './import-row.js';
import type { PartNoun, PartTable } from './noun-tables.js';

type PartValue = ImportValues[PartNoun];
export type PartRow = ItemTable | AttemptTable | OutcomeTable | AttackResultTable;

/** Where a part is: its execution as it is here, and its key in that. */
export interface PartPlace {
  readonly executionId: string;
  readonly key: string;
}

/** What the ids of its file are here. */
export interface IdsHere {
  readonly executionId: string;
  message(id: string): string | null;
  conversation(id: string): string | null;
}

/** By which columns the parts of an execution are told apart. */
const KEYS: Record<PartTable, readonly [string, ...string[]]> = {
  items: ['id'],
  attempts: ['attempt_id', 'phase'],
  outcomes: ['item_id', 'scoring_run_id'],
  attack_results: ['item_id', 'scoring_run_id'],
};

/** The natural key of a part in its execution. */
export function partKey(noun: PartNoun, value: PartValue): string {
  switch (noun) {
    case 'item':
      return idHere((value as ImportValues['item']).id);
    case 'attempt': {
      const { attemptId, phase } = value as ImportValues['attempt'];
      return `${idHere(attemptId)} ${phase}`;
    }
    default: {
      const { itemId, scoringRunId } = value as ImportValues['outcome' | 'attackResult'];
      return `${idHere(itemId)} ${idHere(scoringRunId)}`;
    }
  }
}

/** The messages and conversations of its file that a part names, as they are here. */
export function namedIn(noun: PartNoun, value: PartValue): { readonly messages: string[]; readonly conversations: string[] } {
  switch (noun) {
    case 'item':
      return { messages: [idHere((value as ImportValues['item']).promptId)], conversations: [] };
    case 'attempt': {
      const { requestId, responseId } = value as ImportValues['attempt'];
      return { messages: here([requestId, responseId]), conversations: [] };
    }
    case 'attackResult': {
      const { responseId, conversationId, prunedConversationIds, attackerConversationIds } = value as ImportValues['attackResult'];
      return { messages: here([responseId]), conversations: here([conversationId, ...prunedConversationIds, ...attackerConversationIds]) };
    }
    default:
      return { messages: [], conversations: [] };
  }
}

/** The row that a part becomes. */
export function partRow(noun: PartNoun, value: PartValue, ids: IdsHere): PartRow {
  const message = (id: string | null): string | null => (id === null ? null : ids.message(idHere(id)));
  const conversation = (id: string | null): string | null => (id === null ? null : ids.conversation(idHere(id)));
  const conversations = (all: readonly string[]): string[] => all.map(conversation).filter((id) => id !== null);
  const execution_id = ids.executionId;
  switch (noun) {
    case 'item': {
      const { id, promptId, position, value: text, chain, repeat, occurrence } = value as ImportValues['item'];
      const prompt = idHere(promptId);
      const prompt_id = ids.message(prompt) ?? contentId({ nobody: prompt });
      return { execution_id, id: idHere(id), position, prompt_id, value: text, chain, repeat, occurrence };
    }
    case 'attempt': {
      const attempt = value as ImportValues['attempt'];
      const { phase, purpose, turn, branch, retry, blocked, fault, detail } = attempt;
      const said = { phase, purpose, turn, branch, retry, blocked, fault, detail };
      return {
        execution_id,
        item_id: idHere(attempt.itemId),
        attempt_id: idHere(attempt.attemptId),
        happened_at: attempt.happenedAt,
        ...said,
        latency_ms: attempt.latencyMs,
        finish_reason: attempt.finishReason,
        input_tokens: attempt.inputTokens,
        output_tokens: attempt.outputTokens,
        request_id: message(attempt.requestId),
        response_id: message(attempt.responseId),
      };
    }
    case 'outcome': {
      const { itemId, scoringRunId, state, reason, settledAt } = value as ImportValues['outcome'];
      return { execution_id, item_id: idHere(itemId), scoring_run_id: idHere(scoringRunId), state, reason, settled_at: settledAt };
    }
    default: {
      const result = value as ImportValues['attackResult'];
      const { outcome, reason, turns, backtracks } = result;
      return {
        execution_id,
        item_id: idHere(result.itemId),
        scoring_run_id: idHere(result.scoringRunId),
        outcome,
        reason,
        turns,
        backtracks,
        conversation_id: conversation(result.conversationId),
        response_id: message(result.responseId),
        pruned_conversation_ids: conversations(result.prunedConversationIds),
        attacker_conversation_ids: conversations(result.attackerConversationIds),
        latency_ms: result.latencyMs,
        input_tokens: result.inputTokens,
        output_tokens: result.outputTokens,
        ended_at: result.endedAt,
      };
    }
  }
}

/** The canonical hashes of the parts that are there, by `placeKey`. Of one key there should be one; a second one shows as another hash. */
export async function partHashes(
  tx: Transaction<MemoryTables>,
  table: PartTable,
  places: readonly PartPlace[],
): Promise<Map<string, string>> {
  const columns = KEYS[table];
  const found = new Map<string, string>();
  const pace = new Pace();
  for (const [executionId, own] of Map.groupBy(places, (place) => place.executionId)) {
    const firsts = [...new Set(own.map(({ key }) => key.split(' ', 1)[0]))];
    const { rows } = await sql<Readonly<Record<string, string>>>`
      select * from ${sql.table(table)} where execution_id = ${executionId} and ${sql.ref(columns[0])} in (${sql.join(firsts)})`.execute(
      tx,
    );
    for (const row of rows) {
      const place = placeKey({ executionId, key: columns.map((column) => row[column]).join(' ') });
      const before = found.get(place);
      const hash = rowHash(row);
      found.set(place, before === undefined || before === hash ? hash : `${before} ${hash}`);
      await pace.step();
    }
  }
  return found;
}

/** Takes parts away. */
export async function removeParts(tx: Transaction<MemoryTables>, table: PartTable, places: readonly PartPlace[]): Promise<void> {
  const columns = KEYS[table];
  const key = sql.join(
    columns.map((column) => sql`cast(${sql.ref(column)} as varchar)`),
    sql` || ' ' || `,
  );
  for (const [executionId, own] of Map.groupBy(places, (place) => place.executionId)) {
    const keys = own.map((place) => place.key);
    await sql`delete from ${sql.table(table)} where execution_id = ${executionId} and ${key} in (${sql.join(keys)})`.execute(tx);
  }
}

export function placeKey({ executionId, key }: PartPlace): string {
  return `${executionId} ${key}`;
}

function here(ids: readonly (string | null)[]): string[] {
  return ids.filter((id) => id !== null).map(idHere);
}

import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from './tables.js';

export interface MemoryStats {
  readonly conversations: number;
  readonly messages: number;
  readonly scores: number;
  readonly prompts: number;
  readonly executions: number;
}

/** How much a memory holds. */
export async function readStats(db: Transaction<MemoryTables>): Promise<MemoryStats> {
  const { rows } = await sql<MemoryStats>`
    select (select count(distinct conversation_id) from messages) as conversations, (select count(*) from messages) as messages,
      (select count(*) from scores) as scores, (select count(*) from prompts) as prompts, (select count(*) from executions) as executions`.execute(
    db,
  );
  return rows[0] ?? { conversations: 0, messages: 0, scores: 0, prompts: 0, executions: 0 };
}

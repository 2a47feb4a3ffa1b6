import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { MemoryTables } from './tables.js';

/**
 * Whether an execution came in by an import. The messages of such a one may have been in the memory before, as a conversation in its own right: they stay
 * as they are, and only the journal of the execution says that it exchanged them.
 */
export async function isImported(db: Transaction<MemoryTables>, executionId: string): Promise<boolean> {
  const decided = db.selectFrom('import_decisions').select('id').where('noun', '=', 'execution').where('id', '=', executionId).limit(1);
  return (await decided.executeTakeFirst()) !== undefined;
}

/** The ids of the messages that the journal of an execution names: what was said, and what was answered. */
export function exchangedBy(executionId: string): RawBuilder<string> {
  return sql<string>`
    select request_id from attempts where execution_id = ${executionId} and request_id is not null
    union all
    select response_id from attempts where execution_id = ${executionId} and response_id is not null`;
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { openDuckDb } from '#database';
import type { MemoryTables } from '#memory';

/** The tables that an execution fills, and their columns whose ids are made anew in a copy, as all are that carry the time in them. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  executions: ['id'],
  items: ['execution_id'],
  attempts: ['execution_id', 'attempt_id', 'request_id', 'response_id'],
  outcomes: ['execution_id', 'scoring_run_id'],
  messages: ['id', 'conversation_id', 'execution_id', 'original_prompt_id'],
  scores: ['id', 'message_id', 'execution_id', 'scoring_run_id'],
};
const MOMENTS: Readonly<Record<string, readonly string[]>> = {
  executions: ['created_at', 'started_at', 'finished_at'],
  items: [],
  attempts: ['happened_at'],
  outcomes: ['settled_at'],
  messages: ['sent_at'],
  scores: ['scored_at'],
};

/**
 * Fills the one memory under a data directory, whose server is down and which holds one execution, as if the same had been run on each of the
 * `days` days before: every row of it is copied with its ids and moments that much earlier.
 * @returns how many messages it holds then.
 */
export async function fillMemory(dataDir: string, days: number): Promise<number> {
  const directory = join(dataDir, 'memory');
  const file = (await readdir(directory)).find((name) => name.endsWith('.db'));
  if (file === undefined) throw new Error(`There is no memory in ${directory}.`);
  const database = await openDuckDb<MemoryTables>({ directory, file }, { create: false, memoryLimitMb: 2048 });
  try {
    const { id } = await database.read((db) => db.selectFrom('executions').select('id').executeTakeFirstOrThrow());
    for (let day = days; day > 0; day--)
      await database.transact(async (tx) => {
        for (const [table, ids] of Object.entries(IDS)) {
          const earlier = [
            ...ids.map((column) => `${earlierId(column, day)} as ${column}`),
            ...(MOMENTS[table] ?? []).map((column) => `${column} - interval ${day} day as ${column}`),
          ];
          const own = table === 'executions' ? 'id' : 'execution_id';
          await sql`insert into ${sql.table(table)} select * replace (${sql.raw(earlier.join(', '))}) from ${sql.table(table)} where ${sql.ref(own)} = ${id}`.execute(
            tx,
          );
        }
      });
    await database.checkpoint();
    const { n } = await database.read((db) =>
      db
        .selectFrom('messages')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow(),
    );
    return n;
  } finally {
    await database.close();
  }
}

/** An id of version 7 begins with its milliseconds in 12 hex digits; the rest stays, so that rows that belonged together still do. Null stays null. */
function earlierId(column: string, days: number): string {
  const text = `cast(${column} as varchar)`;
  const milliseconds = `cast('0x' || substr(${text}, 1, 8) || substr(${text}, 10, 4) as bigint) - ${days * 86_400_000}`;
  const digits = `printf('%012x', ${milliseconds})`;
  return `cast(substr(${digits}, 1, 8) || '-' || substr(${digits}, 9, 4) || substr(${text}, 14) as uuid)`;
}

import { sql, type Transaction } from 'kysely';
import type { AttackOutcome } from '#core';
import type { AttackResultTable, MemoryTables } from './tables.js';

/** How the attacks of executions ended. */
export class AttackReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  /** The latest result of each of the items that has one. */
  async ofItems(executionId: string, itemIds: readonly string[]): Promise<Map<string, AttackResultTable>> {
    if (itemIds.length === 0) return new Map();
    const rows = await this.db
      .selectFrom('attack_results')
      .selectAll()
      .where('execution_id', '=', executionId)
      .where('item_id', 'in', itemIds)
      .orderBy('scoring_run_id')
      .execute();
    return new Map(rows.map((row) => [row.item_id, row]));
  }

  /** How many items of an execution ended how, each by its latest result. */
  async outcomes(executionId: string): Promise<Map<AttackOutcome, number>> {
    const { rows } = await sql<{ outcome: AttackOutcome; n: number }>`
      select outcome, count(*) as n from (
        select item_id, arg_max(outcome, scoring_run_id) as outcome from attack_results where execution_id = ${executionId} group by item_id
      ) as latest group by outcome`.execute(this.db);
    return new Map(rows.map(({ outcome, n }) => [outcome, n]));
  }
}

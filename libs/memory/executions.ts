import { sql, type Transaction } from 'kysely';
import { Conflict, NotFound, type ExecutionState } from '#core';
import type { PageRequest } from './configurations.js';
import type { Reservations } from './conversation-tails.js';
import type { ExecutionTable, MemoryTables } from './tables.js';

/** The states that nothing follows. */
export const FINAL_STATES: readonly ExecutionState[] = ['completed', 'cancelled', 'failed'];

export class ExecutionReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  async list(page: PageRequest & { readonly orchestratorId?: string; readonly state?: ExecutionState }): Promise<ExecutionTable[]> {
    let query = this.db.selectFrom('executions').selectAll().orderBy('id', 'desc').limit(page.limit);
    if (page.before !== null) query = query.where('id', '<', page.before);
    if (page.orchestratorId !== undefined) query = query.where('orchestrator_id', '=', page.orchestratorId);
    if (page.state !== undefined) query = query.where('state', '=', page.state);
    return query.execute();
  }

  /** Those that are not at an end, in the order of their creation. */
  async unfinished(): Promise<ExecutionTable[]> {
    return this.db.selectFrom('executions').selectAll().where('state', 'not in', FINAL_STATES).orderBy('id').execute();
  }

  async count(): Promise<number> {
    const { n } = await this.db
      .selectFrom('executions')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return n;
  }

  /** @throws NotFound */
  async get(id: string): Promise<ExecutionTable> {
    const found = await this.db.selectFrom('executions').selectAll().where('id', '=', id).executeTakeFirst();
    if (!found) throw new NotFound('execution', id);
    return found;
  }
}

export class ExecutionWriter extends ExecutionReader {
  constructor(
    private readonly tx: Transaction<MemoryTables>,
    private readonly reservations: Reservations,
  ) {
    super(tx);
  }

  async create(row: ExecutionTable): Promise<void> {
    await this.tx.insertInto('executions').values(row).execute();
  }

  /** Moves an execution to another state; an ended one stays as it is. @throws NotFound, Conflict */
  async setState(id: string, state: ExecutionState, reason: string | null = null): Promise<ExecutionTable> {
    const present = await this.get(id);
    if (FINAL_STATES.includes(present.state)) throw new Conflict(`The execution ${id} is already ${present.state}.`);
    const now = new Date().toISOString();
    const row = {
      ...present,
      state,
      reason,
      started_at: present.started_at ?? (state === 'running' ? now : null),
      finished_at: FINAL_STATES.includes(state) ? now : null,
    };
    await this.tx
      .updateTable('executions')
      .set({ state: row.state, reason: row.reason, started_at: row.started_at, finished_at: row.finished_at })
      .where('id', '=', id)
      .execute();
    return row;
  }

  /** Notes that it is to be cancelled; one that has ended stays as it is. @throws NotFound */
  async requestCancel(id: string): Promise<ExecutionTable> {
    const present = await this.get(id);
    if (FINAL_STATES.includes(present.state) || present.cancel_requested_at !== null) return present;
    const row = { ...present, cancel_requested_at: new Date().toISOString() };
    await this.tx.updateTable('executions').set({ cancel_requested_at: row.cancel_requested_at }).where('id', '=', id).execute();
    return row;
  }

  /** Deletes an ended execution with all that it brought: items, attempts, outcomes, messages and scores. @throws NotFound, Conflict */
  async delete(id: string): Promise<void> {
    const { state } = await this.get(id);
    if (!FINAL_STATES.includes(state)) throw new Conflict(`The execution ${id} is ${state}. Cancel it before you delete it.`);
    const messages = this.tx.selectFrom('messages').select('id').where('execution_id', '=', id);
    await this.tx.deleteFrom('long_texts').where('message_id', 'in', messages).execute();
    for (const table of ['scores', 'messages', 'outcomes', 'attempts', 'items'] as const) {
      await this.tx.deleteFrom(table).where('execution_id', '=', id).execute();
    }
    await this.tx.deleteFrom('executions').where('id', '=', id).execute();
    this.reservations.deletes();
  }

  /** Takes back items whose execution did not come to be. */
  async dropItems(executionId: string): Promise<void> {
    await this.tx.deleteFrom('items').where('execution_id', '=', executionId).execute();
  }

  /** Takes back items that a crash left without their execution. Only when nobody plans, as at the opening of a store. */
  async dropOrphans(): Promise<void> {
    await sql`delete from items where execution_id not in (select id from executions)`.execute(this.tx);
  }
}

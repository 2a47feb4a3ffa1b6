import { sql, type Transaction } from 'kysely';
import { Conflict, NotFound, type ExecutionState } from '#core';
import type { PageRequest } from './configurations.js';
import type { Reservations } from './conversation-tails.js';
import type { ExecutionTable, MemoryTables } from './tables.js';

/** The states that nothing follows by itself. Only `failed` can be resumed. */
export const FINAL_STATES: readonly ExecutionState[] = ['completed', 'cancelled', 'failed'];

/** What an execution may spend. */
export type ExecutionLimits = Pick<ExecutionTable, 'max_requests' | 'max_tokens' | 'max_cost'>;

export class ExecutionReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  async list(page: PageRequest & { readonly orchestratorId?: string; readonly state?: ExecutionState }): Promise<ExecutionTable[]> {
    let query = this.db.selectFrom('executions').selectAll().orderBy('id', 'desc').limit(page.limit);
    if (page.before !== null) query = query.where('id', '<', page.before);
    if (page.orchestratorId !== undefined) query = query.where('orchestrator_id', '=', page.orchestratorId);
    if (page.state !== undefined) query = query.where('state', '=', page.state);
    return query.execute();
  }

  /** Those that go on by themselves, in the order of their creation: not at an end, and not paused, unless to be cancelled. */
  async unfinished(): Promise<ExecutionTable[]> {
    return this.db
      .selectFrom('executions')
      .selectAll()
      .where((eb) =>
        eb.or([eb('state', 'in', ['queued', 'running']), eb.and([eb('state', '=', 'paused'), eb('cancel_requested_at', 'is not', null)])]),
      )
      .orderBy('id')
      .execute();
  }

  /** The oldest that has not ended, a paused one too, or null. */
  async findOpen(): Promise<ExecutionTable | null> {
    const open = await this.db
      .selectFrom('executions')
      .selectAll()
      .where('state', 'not in', FINAL_STATES)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    return open ?? null;
  }

  /** @throws Conflict, naming it, while one that has not ended was planned with the configuration or dataset of this id. */
  async assertUnused(id: string): Promise<void> {
    const user = await this.db
      .selectFrom('executions')
      .select('id')
      .where('state', 'not in', FINAL_STATES)
      .where(sql<string>`cast(plan as varchar)`, 'like', `%${id}%`)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    if (user) throw new Conflict(`The execution ${user.id} uses it and has not ended. Wait for it, or cancel it first.`);
  }

  /** How many there are in each state; states that none is in are left out. */
  async countByState(): Promise<Partial<Readonly<Record<ExecutionState, number>>>> {
    const rows = await this.db
      .selectFrom('executions')
      .select(({ fn }) => ['state', fn.countAll<number>().as('n')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
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

  /** Makes it `running`, unless it is at an end, or paused and not to be cancelled. @throws NotFound */
  async begin(id: string): Promise<ExecutionTable> {
    const present = await this.get(id);
    const stays = FINAL_STATES.includes(present.state) || (present.state === 'paused' && present.cancel_requested_at === null);
    return stays ? present : this.setState(id, 'running');
  }

  /** Pauses it, for the reason given; one that is paused stays so. @throws NotFound; Conflict when it has ended. */
  async pause(id: string, reason: string): Promise<ExecutionTable> {
    const present = await this.get(id);
    return present.state === 'paused' ? present : this.setState(id, 'paused', reason);
  }

  /** Puts one that is paused or failed back into the queue, with the limits given; one that goes on anyway stays as it is. @throws NotFound; Conflict when it has ended. */
  async resume(id: string, limits: Partial<ExecutionLimits>): Promise<ExecutionTable> {
    const present = await this.get(id);
    if (present.state === 'completed' || present.state === 'cancelled') {
      throw new Conflict(`The execution ${id} is already ${present.state}; start a new one.`);
    }
    const goesOn = present.state === 'queued' || present.state === 'running';
    const changes = { ...limits, ...(goesOn ? {} : { state: 'queued' as const, reason: null, finished_at: null }) };
    if (Object.keys(changes).length > 0) await this.tx.updateTable('executions').set(changes).where('id', '=', id).execute();
    return { ...present, ...changes };
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
    for (const table of ['scores', 'attack_results', 'messages', 'outcomes', 'attempts', 'items'] as const) {
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

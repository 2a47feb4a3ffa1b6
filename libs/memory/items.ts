import { sql, type RawBuilder, type Transaction } from 'kysely';
import { ITEM_STATES, type AttemptPurpose, type Coverage, type Item, type ItemProgress, type ItemState } from '#core';
import { readProgress } from './item-progress.js';
import type { AttemptTable, ItemTable, MemoryTables } from './tables.js';

export interface ItemStatus extends Item {
  readonly state: ItemState;
  readonly reason: string | null;
}

/** How the answers of one converter chain ended, and what the scorers said of them. */
export interface ChainSummary {
  readonly chain: number;
  readonly states: Readonly<Record<ItemState, number>>;
}

export interface ScorerSummary {
  readonly chain: number;
  /** Null for a strategy's own. */
  readonly scorerId: string | null;
  readonly scorerName: string;
  readonly scorerType: string;
  readonly scores: number;
  /** How many said true; null for a scale. */
  readonly positive: number | null;
  /** The mean of a scale's values; null for true or false. */
  readonly mean: number | null;
}

export interface SpentRow {
  readonly executionId: string;
  readonly purpose: AttemptPurpose;
  readonly branch: number;
  /** Retries included. */
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

type StatusRow = ItemTable & { readonly state: ItemState; readonly reason: string | null };

/** What becomes of the planned prompts. */
export class ItemReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  /** How many items are in each state, counted from the items and their outcomes. */
  async coverage(executionId: string): Promise<Coverage> {
    return (await this.coverages([executionId])).get(executionId) ?? coverageOf([]);
  }

  /** The coverage of several executions at once. One without items is not there. */
  async coverages(executionIds: readonly string[]): Promise<Map<string, Coverage>> {
    if (executionIds.length === 0) return new Map();
    const ids = sql.join(executionIds);
    const { rows } = await sql<{ id: string; state: ItemState; n: number }>`
      select items.execution_id as id, coalesce(outcome.state, 'open') as state, count(*) as n
      from items left join (
        select execution_id, item_id, arg_max(state, scoring_run_id) as state from outcomes where execution_id in (${ids}) group by execution_id, item_id
      ) as outcome on outcome.item_id = items.id and outcome.execution_id = items.execution_id
      where items.execution_id in (${ids}) group by 1, 2`.execute(this.db);
    return new Map([...Map.groupBy(rows, (row) => row.id)].map(([id, counted]) => [id, coverageOf(counted)]));
  }

  /** Items with their states, by position from `after` (exclusive) on. */
  async list(executionId: string, after: number, limit: number, state?: ItemState): Promise<ItemStatus[]> {
    // The narrow columns decide which items are on the page; the wide ones are then read for these alone, found by their positions.
    const places = sql`select id, position from items where execution_id = ${executionId} and position > ${after}`;
    // Without a state to look for, the page is known before the outcomes are, and they are counted for it alone.
    const page =
      state === undefined
        ? sql`places as materialized (${places} order by position limit ${limit}), page as materialized (
            select places.position, coalesce(outcome.state, 'open') as state, outcome.reason
            from places left join (${this.#latestOutcomes(executionId, sql`and item_id in (select id from places)`)}) as outcome
              on outcome.item_id = places.id)`
        : sql`page as materialized (
            select places.position, coalesce(outcome.state, 'open') as state, outcome.reason
            from (${places}) as places left join (${this.#latestOutcomes(executionId)}) as outcome on outcome.item_id = places.id
            where coalesce(outcome.state, 'open') = ${state}
            order by places.position limit ${limit})`;
    const query = sql<StatusRow>`
      with ${page} select items.*, page.state, page.reason
      from items join page on page.position = items.position
      where items.execution_id = ${executionId} order by items.position`;
    const { rows } = await query.execute(this.db);
    return rows.map((row) => ({ ...toItem(row), state: row.state, reason: row.reason }));
  }

  /** The journal of some items: the attempts in the order of their intents, each intent before what came of it. */
  async attempts(executionId: string, itemIds: readonly string[]): Promise<AttemptTable[]> {
    if (itemIds.length === 0) return [];
    return this.db
      .selectFrom('attempts')
      .selectAll()
      .where('execution_id', '=', executionId)
      .where('item_id', 'in', itemIds)
      .orderBy('attempt_id')
      .orderBy(sql`phase <> 'intended'`)
      .orderBy('happened_at')
      .execute();
  }

  /**
   * Where the open items stand, by position from `after` (exclusive) on: what an execution is taken up from. The position of the last one is
   * the `after` of the next page; there are none left when a page is empty. A page is shorter than `limit` where answers are long.
   */
  async open(executionId: string, after: number, limit: number, overAnswers = false): Promise<ItemProgress[]> {
    const items = await this.list(executionId, after, limit, 'open');
    return items.length === 0 ? [] : readProgress(this.db, executionId, items, limit, overAnswers);
  }

  /** What was sent, by purpose and branch, and the tokens that it took as far as the endpoints said. */
  async spent(executionIds: readonly string[]): Promise<SpentRow[]> {
    if (executionIds.length === 0) return [];
    const ids = sql.join(executionIds);
    const { rows } = await sql<SpentRow>`
      select intent.execution_id as "executionId", intent.purpose, intent.branch, count(*) as requests,
        cast(coalesce(sum(result.input_tokens), 0) as double precision) as "inputTokens", cast(coalesce(sum(result.output_tokens), 0) as double precision) as "outputTokens"
      from attempts as intent left join attempts as result
        on result.execution_id = intent.execution_id and result.attempt_id = intent.attempt_id and result.phase <> 'intended'
      where intent.execution_id in (${ids}) and intent.phase = 'intended' and coalesce(result.fault, '') <> 'not-sent'
      group by all`.execute(this.db);
    return rows;
  }

  /** States by converter chain. */
  async byChain(executionId: string): Promise<ChainSummary[]> {
    const { rows } = await sql<{ chain: number; state: ItemState; n: number }>`
      select items.chain, coalesce(outcome.state, 'open') as state, count(*) as n
      from items left join (${this.#latestOutcomes(executionId)}) as outcome on outcome.item_id = items.id
      where items.execution_id = ${executionId} group by all order by items.chain`.execute(this.db);
    const chains = new Map<number, Record<ItemState, number>>();
    for (const { chain, state, n } of rows) {
      const states = chains.get(chain) ?? (Object.fromEntries(ITEM_STATES.map((each) => [each, 0])) as Record<ItemState, number>);
      states[state] = n;
      chains.set(chain, states);
    }
    return [...chains].map(([chain, states]) => ({ chain, states }));
  }

  /** What each scorer said, by converter chain, in the scoring run by which each item was last settled: what its state counts. */
  async byScorer(executionId: string): Promise<ScorerSummary[]> {
    const { rows } = await sql<ScorerSummary>`
      with latest as (
        select item_id, max(scoring_run_id) as scoring_run_id from outcomes where execution_id = ${executionId} group by item_id
      )
      select items.chain, scores.scorer_id as "scorerId", scores.scorer_name as "scorerName", scores.scorer_type as "scorerType", count(*) as scores,
        case when min(scores.score_type) = 'true_false' then count(*) filter (where scores.value = 'true') end as positive,
        case when min(scores.score_type) = 'float_scale' then avg(try_cast(scores.value as double)) end as mean
      from scores
      join latest on latest.item_id = scores.item_id and latest.scoring_run_id = scores.scoring_run_id
      join items on items.id = scores.item_id and items.execution_id = ${executionId}
      where scores.execution_id = ${executionId}
      group by all order by "scorerName", items.chain`.execute(this.db);
    return rows;
  }

  #latestOutcomes(executionId: string, restriction: RawBuilder<unknown> = sql``) {
    return sql`select item_id, arg_max(state, scoring_run_id) as state, arg_max_null(reason, scoring_run_id) as reason
      from outcomes where execution_id = ${executionId} ${restriction} group by item_id`;
  }
}

function coverageOf(counted: readonly { readonly state: ItemState; readonly n: number }[]): Coverage {
  const counts = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>;
  for (const { state, n } of counted) counts[state] = n;
  return { planned: counted.reduce((sum, row) => sum + row.n, 0), ...counts };
}

function toItem(row: ItemTable): Item {
  const { id, position, prompt_id, value, chain, repeat, occurrence } = row;
  return { id, position, promptId: prompt_id, value, chain, repeat, occurrence };
}

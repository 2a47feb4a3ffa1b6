import type { Transaction } from 'kysely';
import { uuidv7, type ScoreValue } from '#core';
import { MessageReader } from './messages.js';
import type { MemoryTables, ScoreTable } from './tables.js';

export interface ScoreFilter {
  readonly ids?: readonly string[];
  /** Scores of these messages or of what they are copies of. An empty list finds nothing. */
  readonly messageIds?: readonly string[];
  readonly executionId?: string;
  readonly scorerType?: string;
}

export class ScoreReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  /** Newest first. @param before the last id of the page before. */
  async list(filter: ScoreFilter, limit: number, before: string | null = null): Promise<ScoreTable[]> {
    if (filter.ids?.length === 0 || filter.messageIds?.length === 0) return [];
    let query = this.db.selectFrom('scores').selectAll().orderBy('id', 'desc').limit(limit);
    if (filter.ids) query = query.where('id', 'in', filter.ids);
    if (filter.executionId !== undefined) query = query.where('execution_id', '=', filter.executionId);
    if (filter.scorerType !== undefined) query = query.where('scorer_type', '=', filter.scorerType);
    if (filter.messageIds) {
      const originals = this.db.selectFrom('messages').select('original_prompt_id').where('id', 'in', filter.messageIds);
      query = query.where('message_id', 'in', originals);
    }
    if (before !== null) query = query.where('id', '<', before);
    return query.execute();
  }

  /** All scores of the items given, of every scoring run. */
  async ofItems(executionId: string, itemIds: readonly string[]): Promise<ScoreTable[]> {
    if (itemIds.length === 0) return [];
    // The ids first: the wide columns are then read for a few rows only.
    const ids = this.db.selectFrom('scores').select('id').where('execution_id', '=', executionId).where('item_id', 'in', itemIds);
    return this.db.selectFrom('scores').selectAll().where('id', 'in', ids).orderBy('id').execute();
  }
}

export class ScoreWriter extends ScoreReader {
  constructor(private readonly tx: Transaction<MemoryTables>) {
    super(tx);
  }

  /** Adds a score to a message; a copy's score goes to the original. @throws NotFound */
  async add(
    messageId: string,
    score: ScoreValue,
    scorer: { id: string | null; name: string; type: string; version: string },
  ): Promise<ScoreTable> {
    const messages = new MessageReader(this.tx);
    const asked = await messages.get(messageId);
    // A copy outlives the execution that brought its original: then it stands in for it.
    const message = asked.original_prompt_id === asked.id ? asked : ((await messages.find(asked.original_prompt_id)) ?? asked);
    const row: ScoreTable = {
      id: uuidv7(),
      message_id: asked.original_prompt_id,
      scoring_run_id: null,
      execution_id: message.execution_id,
      item_id: message.item_id,
      scorer_id: scorer.id,
      scorer_name: scorer.name,
      scorer_type: scorer.type,
      scorer_version: scorer.version,
      score_type: score.type,
      value: score.value,
      category: score.category,
      rationale: score.rationale,
      metadata: score.metadata,
      scored_at: new Date().toISOString(),
    };
    await this.tx.insertInto('scores').values(row).execute();
    return row;
  }
}

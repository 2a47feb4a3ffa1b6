import { Injectable } from '@nestjs/common';
import { InvalidInput, isUuid } from '#core';
import type { MemoryStats, Message, MessageCursor, PageRequest, ScoreTable } from '#memory';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import type { Page } from '../http/page.js';
import type { ConversationDto, MemoryScoreDto, MessageDto, MessageQuery, ScoreQuery } from './memory.dto.js';

/** What a person's memory holds, as it is asked for over HTTP. */
@Injectable()
export class MemoryService {
  constructor(private readonly db: DbConnectionService) {}

  async messages({ limit, cursor, label, sentAfter, sentBefore, ...filter }: MessageQuery): Promise<Page<MessageDto>> {
    const after = cursor === undefined ? null : messageCursor(cursor);
    const labels = label === undefined ? {} : { labels: labelOf(label) };
    const bounds = {
      ...(sentAfter === undefined ? {} : { sentAfter: new Date(sentAfter).toISOString() }),
      ...(sentBefore === undefined ? {} : { sentBefore: new Date(sentBefore).toISOString() }),
    };
    const { rows, more } = await this.db.read(({ messages }) => messages.page({ ...filter, ...labels, ...bounds }, limit, after));
    const last = rows.at(-1);
    const next = more && last ? encodeCursor({ conversationId: last.conversation_id, sequence: last.sequence }) : null;
    return { items: rows.map(messageView), nextCursor: next };
  }

  /** @throws NotFound */
  async conversation(id: string): Promise<ConversationDto> {
    const rows = await this.db.read(({ messages }) => messages.conversation(id));
    return { id, messages: rows.map(messageView) };
  }

  /** @throws NotFound */
  duplicate(id: string, withoutLastTurn: boolean): Promise<string> {
    return this.db.transact(({ messages }) => messages.duplicate(id, withoutLastTurn));
  }

  async scores({ executionId, messageId }: ScoreQuery, page: PageRequest): Promise<MemoryScoreDto[]> {
    const filter = {
      ...(executionId === undefined ? {} : { executionId }),
      ...(messageId === undefined ? {} : { messageIds: [messageId] }),
    };
    return (await this.db.read(({ scores }) => scores.list(filter, page.limit, page.before))).map(scoreView);
  }

  stats(): Promise<MemoryStats> {
    return this.db.read((memory) => memory.stats());
  }
}

function labelOf(text: string): Record<string, string> {
  const at = text.indexOf('=');
  return { [text.slice(0, at)]: text.slice(at + 1) };
}

function messageCursor(cursor: string): MessageCursor {
  const place = decodeCursor(cursor);
  if (typeof place === 'object' && place !== null && 'conversationId' in place && 'sequence' in place) {
    const { conversationId, sequence } = place;
    if (typeof conversationId === 'string' && isUuid(conversationId) && Number.isSafeInteger(sequence)) {
      return { conversationId, sequence: Number(sequence) };
    }
  }
  throw new InvalidInput('The cursor belongs to another list.', [
    { pointer: '/cursor', detail: 'must be the nextCursor of an earlier page of this list' },
  ]);
}

function messageView(row: Message): MessageDto {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    sequence: row.sequence,
    role: row.role,
    originalValue: row.original_value,
    convertedValue: row.converted_value,
    originalValueSha256: row.original_value_sha256,
    convertedValueSha256: row.converted_value_sha256,
    dataType: row.data_type,
    responseError: row.response_error,
    labels: row.labels,
    metadata: row.metadata,
    originalPromptId: row.original_prompt_id,
    executionId: row.execution_id,
    itemId: row.item_id,
    sentAt: row.sent_at,
  };
}

function scoreView(row: ScoreTable): MemoryScoreDto {
  return {
    id: row.id,
    messageId: row.message_id,
    executionId: row.execution_id,
    itemId: row.item_id,
    scoringRunId: row.scoring_run_id,
    scorer: row.scorer_name,
    scorerType: row.scorer_type,
    scorerVersion: row.scorer_version,
    scoreType: row.score_type,
    value: row.value,
    category: row.category,
    rationale: row.rationale,
    metadata: row.metadata,
    scoredAt: row.scored_at,
  };
}

import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { StoredAnswer } from '#core';
import { TEXT_COLUMNS, textLength, withWholeTexts } from './long-texts.js';
import type { MemoryTables, MessageTable } from './tables.js';

/** Which answers; all that are given must hold. */
export interface AnswerFilter {
  readonly executionId?: string;
  readonly conversationId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly sentAfter?: string;
  readonly sentBefore?: string;
}

/** An answer that can be scored, and the beginning of what it answers. */
export interface AnswerRow {
  readonly id: string;
  readonly prompt: string;
}

const COLUMNS = ['id', 'conversation_id', 'sequence', 'response_error', ...TEXT_COLUMNS] as const satisfies readonly (keyof MessageTable)[];

type Text = Pick<MessageTable, (typeof COLUMNS)[number]>;

/** An answer with what it answers, if that is there. */
export interface Answer {
  readonly request: Text | null;
  readonly response: Text;
}

/** The answers of models under test, whatever brought them. Copies are not among them: what is said of an answer is said of its original. */
export class AnswerReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  /** How many there are, and the greatest id among them: what comes later is another matter. */
  async count(filter: AnswerFilter): Promise<{ readonly count: number; readonly until: string | null }> {
    const { rows } = await sql<{ count: number; until: string | null }>`
      select count(*) as count, max(id) as until from messages as answer where ${conditions(filter)}`.execute(this.db);
    return rows[0] ?? { count: 0, until: null };
  }

  /** Those up to the id `until`, by id from `after` (exclusive) on. */
  async list(filter: AnswerFilter, until: string, after: string | null, limit: number): Promise<AnswerRow[]> {
    const { rows } = await sql<AnswerRow>`
      with page as materialized (
        select id, conversation_id, sequence from messages as answer
        where ${conditions(filter)} and id <= ${until} ${after === null ? sql`` : sql`and id > ${after}`} order by id limit ${limit}
      )
      select page.id, coalesce(request.original_value, '') as prompt
      from page left join messages as request
        on request.conversation_id = page.conversation_id and request.sequence = page.sequence - 1 and request.role = 'user'
      order by page.id`.execute(this.db);
    return rows;
  }

  /** Some answers by id; of long texts the beginnings. What is not there any more is left out. */
  async get(ids: readonly string[]): Promise<Map<string, Answer>> {
    if (ids.length === 0) return new Map();
    const responses = await this.db.selectFrom('messages').select(COLUMNS).where('id', 'in', ids).execute();
    if (responses.length === 0) return new Map();
    const requests = await this.db
      .selectFrom('messages')
      .select(COLUMNS)
      .where(
        'conversation_id',
        'in',
        responses.map((response) => response.conversation_id),
      )
      .where('role', '=', 'user')
      .execute();
    const byPlace = new Map(requests.map((request) => [`${request.conversation_id} ${request.sequence}`, request]));
    return new Map(
      responses.map((response) => {
        const request = byPlace.get(`${response.conversation_id} ${response.sequence - 1}`) ?? null;
        return [response.id, { request, response }];
      }),
    );
  }

  /** The same with their whole texts, ready to be judged. */
  async whole(answers: readonly Answer[]): Promise<Map<string, StoredAnswer>> {
    const messages = answers.flatMap(({ request, response }) => (request ? [request, response] : [response]));
    const texts = new Map((await withWholeTexts(this.db, messages)).map((message) => [message.id, message]));
    return new Map(
      answers.map(({ request, response }) => {
        const asked = request && texts.get(request.id);
        return [
          response.id,
          {
            conversationId: response.conversation_id,
            requestId: request?.id ?? response.id,
            responseId: response.id,
            original: asked?.original_value ?? '',
            converted: asked?.converted_value ?? '',
            response: texts.get(response.id)?.converted_value ?? '',
            blocked: response.response_error === 'blocked',
          },
        ];
      }),
    );
  }
}

/** About how many characters an answer has with what it answers. */
export function answerLength({ request, response }: Answer): number {
  return textLength(response) + (request ? textLength(request) : 0);
}

function conditions({ executionId, conversationId, labels = {}, sentAfter, sentBefore }: AnswerFilter): RawBuilder<unknown> {
  const all = [
    sql`answer.role = 'assistant'`,
    sql`answer.original_prompt_id = answer.id`,
    sql`answer.response_error = 'none'`,
    // What was made up stands in a conversation, but nobody answered it; and what an attacker wrote is not what is judged.
    executionId === undefined
      ? sql`(answer.execution_id is null or answer.id in (${answered(sql`true`)}))`
      : sql`answer.id in (${answered(sql`result.execution_id = ${executionId}`)})`,
  ];
  if (conversationId !== undefined) all.push(sql`answer.conversation_id = ${conversationId}`);
  if (sentAfter !== undefined) all.push(sql`answer.sent_at >= ${sentAfter}`);
  if (sentBefore !== undefined) all.push(sql`answer.sent_at <= ${sentBefore}`);
  for (const [key, value] of Object.entries(labels)) {
    all.push(sql`json_extract_string(answer.labels, ${`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`}) = ${value}`);
  }
  return sql.join(all, sql` and `);
}

/** What the journals of executions say that models under test have answered: also what an import found here, of no execution of its own. */
function answered(condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select result.response_id from attempts as result join attempts as intent
      on intent.execution_id = result.execution_id and intent.attempt_id = result.attempt_id and intent.phase = 'intended'
    where result.phase = 'answered' and result.response_id is not null and intent.purpose = 'target' and ${condition}`;
}

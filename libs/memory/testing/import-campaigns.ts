import type { ImportRow, ImportValues } from '../imports/import-row.js';
import type { MemoryStore } from '../memory-store.js';
import { idOf, moment, type Source } from './import-rows.js';

interface CampaignOptions {
  /** Another text of the answers. */
  readonly answer?: string;
  readonly execution?: Partial<ImportValues['execution']>;
}

/**
 * An execution of two prompts as a file may have it, each with a request, an answer, and a score: 17 rows. Ids are made of the name, so that the same
 * campaign has the same ids in every file.
 */
export function campaign(source: Source, name: string, { answer = 'answer', execution = {} }: CampaignOptions = {}): ImportRow[] {
  const executionId = idOf(name);
  const scoringRunId = idOf(`run of ${name}`);
  const items = [0, 1].flatMap((n) => {
    const [item, conversation] = [`${name} item ${n}`, `${name} conversation ${n}`];
    const [requestId, responseId] = [idOf(`${name} request ${n}`), idOf(`${name} response ${n}`)];
    const part = { executionId, itemId: idOf(item) };
    const said = { ...part, conversationId: idOf(conversation) };
    const attemptId = idOf(`${name} attempt ${n}`);
    return [
      source.row('item', item, { executionId, id: idOf(item), position: n, chain: n }),
      source.row('message', item, { ...said, id: requestId, originalPromptId: requestId, sequence: 0 }),
      source.row('message', `${answer} ${n}`, { ...said, id: responseId, originalPromptId: responseId, sequence: 1, role: 'assistant' }),
      source.row('attempt', 'intent', { ...part, attemptId, phase: 'intended', ...INTENT }),
      source.row('attempt', 'answer', { ...part, attemptId, requestId, responseId, happenedAt: moment(1) }),
      source.row('outcome', item, { ...part, scoringRunId }),
      source.row('score', `${name} score ${n}`, { ...part, messageId: responseId, scoringRunId, scorerName: 'refusal', rationale: `${n}` }),
      source.row('attackResult', item, { ...part, scoringRunId, conversationId: idOf(conversation), responseId }),
    ];
  });
  return [source.row('execution', name, { planned: 2, ...execution }), ...items];
}

const INTENT = {
  purpose: 'target',
  turn: 0,
  branch: 0,
  retry: 0,
  latencyMs: null,
  blocked: null,
  finishReason: null,
  inputTokens: null,
  outputTokens: null,
} as const;

/** What a person sees of an execution: `state of item: what was sent → what came back (what was said of it)`, by position. */
export async function resultsOf(store: MemoryStore, executionId: string): Promise<string[]> {
  return store.read(async ({ items, messages, scores, attacks }) => {
    const all = await items.list(executionId, -1, 100);
    const ids = all.map(({ id }) => id);
    const journal = await items.attempts(executionId, ids);
    const ended = await attacks.ofItems(executionId, ids);
    const ratings = await scores.ofItems(executionId, ids);
    return Promise.all(
      all.map(async ({ id, state, value }) => {
        const answered = journal.find((attempt) => attempt.item_id === id && attempt.phase === 'answered');
        const find = (id: string | null | undefined) => (id ? messages.find(id) : null);
        const [request, response] = [await find(answered?.request_id), await find(answered?.response_id)];
        const said = ratings.filter((score) => score.item_id === id && score.message_id === response?.id).map((score) => score.value);
        const sameEnd = ended.get(id)?.response_id === response?.id && ended.get(id)?.conversation_id === response?.conversation_id;
        return `${state} ${value}: ${request?.converted_value} → ${response?.converted_value} (${said.join()})${sameEnd ? '' : ' of another attack'}`;
      }),
    );
  });
}

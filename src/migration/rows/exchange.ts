import { contentId, promptId, type SettledState } from '#core';
import type { LegacyExchange, LegacyExecution, LegacyRowOf } from '#legacy';
import type { ImportedMessage, ImportValues } from '#memory';
import { momentOf, traceOf } from './row-context.js';

const REPORTED_OTHER = 'ViolentUTF reported another prompt than the one that was sent.';

/** An exchange with what it is here. */
export interface Exchanged {
  readonly exchange: LegacyExchange;
  readonly itemId: string;
  readonly prompt: string;
  readonly occurrence: number;
  readonly conversationId: string;
  readonly requestId: string;
  readonly responseId: string;
}

/** The exchanges of an execution, each with the item that it is of. Prompts that are not known for certain are left empty. */
export function exchangedIn(executionId: string, { exchanges }: LegacyExecution): Exchanged[] {
  const occurrences = new Map<string, number>();
  return exchanges.map((exchange) => {
    const prompt = exchange.prompt ?? '';
    const occurrence = occurrences.get(prompt) ?? 0;
    occurrences.set(prompt, occurrence + 1);
    const conversationId = exchange.conversationId ?? contentId({ executionId, position: exchange.position });
    return {
      exchange,
      itemId: contentId({ promptId: promptId(prompt), chain: 0, repeat: 0, occurrence }),
      prompt,
      occurrence,
      conversationId,
      requestId: messageIdIn(conversationId, 'request'),
      responseId: messageIdIn(conversationId, 'response'),
    };
  });
}

/** ViolentUTF gave messages no ids; of a conversation it stored one request and its answer. */
export function messageIdIn(conversationId: string, which: 'request' | 'response'): string {
  return contentId({ conversationId, which });
}

export function itemValue(executionId: string, position: number, { itemId, prompt, occurrence }: Exchanged): ImportValues['item'] {
  return { executionId, id: itemId, position, promptId: promptId(prompt), value: prompt, chain: 0, repeat: 0, occurrence };
}

/** The one request of an exchange, as it was intended and as it was answered. */
export function attemptValues(
  executionId: string,
  each: Exchanged,
  began: string,
): readonly [ImportValues['attempt'], ImportValues['attempt']] {
  const { exchange, requestId, responseId } = each;
  const attempt = attemptOf(executionId, each, exchange.sentAt?.at ?? began);
  return [
    { ...attempt, phase: 'intended', purpose: 'target', turn: 0, branch: 0, retry: 0 },
    {
      ...attempt,
      phase: 'answered',
      blocked: exchange.responseError === 'blocked',
      requestId,
      responseId: exchange.response === null ? null : responseId,
    },
  ];
}

/** What was said in an exchange: the request, and the answer where one was stored. */
export function messageValues(executionId: string, each: Exchanged, row: LegacyRowOf<'execution'>): readonly ImportedMessage[] {
  const { exchange, itemId, prompt, conversationId, requestId, responseId } = each;
  const sentAt = exchange.sentAt?.at ?? momentOf(row.value.startedAt);
  const common = { conversationId, sentAt, dataType: 'text', labels: {}, executionId, itemId, derived: true } as const;
  const { legacy } = traceOf(row, exchange.sentAt, { target: exchange.target, pyritOrchestratorId: exchange.pyritOrchestratorId });
  const note = isOtherReported(exchange) ? { note: REPORTED_OTHER } : {};
  const request: ImportedMessage = {
    ...common,
    id: requestId,
    sequence: 0,
    role: 'user',
    originalValue: prompt,
    convertedValue: prompt,
    responseError: 'none',
    metadata: { legacy: { ...legacy, promptFrom: exchange.promptSource, ...note } },
    originalPromptId: requestId,
  };
  if (exchange.response === null) return [request];
  const response: ImportedMessage = {
    ...common,
    id: responseId,
    sequence: 1,
    role: 'assistant',
    originalValue: exchange.response,
    convertedValue: exchange.response,
    responseError: exchange.responseError,
    metadata: { legacy },
    originalPromptId: responseId,
  };
  return [request, response];
}

function attemptOf(executionId: string, { itemId, conversationId }: Exchanged, happenedAt: string): ImportValues['attempt'] {
  return {
    executionId,
    itemId,
    attemptId: contentId({ executionId, itemId, conversationId }),
    phase: 'intended',
    happenedAt,
    purpose: null,
    turn: null,
    branch: null,
    retry: null,
    latencyMs: null,
    blocked: null,
    finishReason: null,
    inputTokens: null,
    outputTokens: null,
    requestId: null,
    responseId: null,
    fault: null,
    detail: null,
  };
}

/** How the item of an exchange ended. @param scored the conversations that were really scored */
export function outcomeOf(
  { response, responseError, conversationId }: LegacyExchange,
  scored: ReadonlySet<string | null>,
): { readonly state: SettledState; readonly reason: string | null } {
  if (responseError === 'blocked') return { state: 'blocked', reason: null };
  if (response === null) return { state: 'errored', reason: 'No answer was stored.' };
  if (responseError !== 'none')
    return { state: 'errored', reason: `ViolentUTF stored an error (${responseError}) in place of the answer.` };
  return { state: conversationId !== null && scored.has(conversationId) ? 'scored' : 'answered', reason: null };
}

/** Whether ViolentUTF reported the prompt of another execution. Its text stays in the original: it is not of this one. */
function isOtherReported({ reportedPrompt, prompt }: LegacyExchange): boolean {
  return reportedPrompt !== null && reportedPrompt !== '' && reportedPrompt !== prompt;
}

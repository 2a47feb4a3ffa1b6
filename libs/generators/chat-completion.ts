import type { GeneratorReply, TokenUsage } from '#core';
import { errorCode, memberOf } from './faults.js';

/** A 2xx answer that is no chat completion. The message continues "The endpoint's answer …" and repeats nothing of it. */
export class UnreadableCompletion extends Error {
  constructor(
    what: string,
    readonly code: string | null = null,
  ) {
    super(what);
  }
}

/**
 * Reads the first choice of a chat completion (OpenAI API reference, `POST /chat/completions`).
 * @throws UnreadableCompletion when it is none.
 */
export function readCompletion(completion: unknown): GeneratorReply {
  if (typeof completion !== 'object' || completion === null) throw new UnreadableCompletion('is not a JSON object');
  const choices = memberOf(completion, 'choices');
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  const message = memberOf(choice, 'message');
  if (typeof message !== 'object' || message === null) {
    throw new UnreadableCompletion('has no choices[0].message', errorCode(memberOf(completion, 'error')));
  }
  const reason = memberOf(choice, 'finish_reason');
  const finishReason = typeof reason === 'string' ? reason.slice(0, 64) : null;
  return {
    kind: finishReason === 'content_filter' ? 'blocked' : 'answered',
    text: textOf(message),
    finishReason,
    usage: usageOf(memberOf(completion, 'usage')),
  };
}

/** The content, as text or as a list of parts, else the refusal; '' for an answer that was cut off before its first word. */
function textOf(message: object): string {
  const content = memberOf(message, 'content');
  const refusal = memberOf(message, 'refusal');
  if (typeof content === 'string' && (content !== '' || typeof refusal !== 'string')) return content;
  if (Array.isArray(content)) {
    const texts = content.map((part) => memberOf(part, 'text'));
    return texts.filter((text) => typeof text === 'string').join('');
  }
  if (typeof refusal === 'string') return refusal;
  if (content === null || content === undefined) return '';
  throw new UnreadableCompletion('has a content that is not text');
}

function usageOf(usage: unknown): TokenUsage | null {
  const inputTokens = memberOf(usage, 'prompt_tokens');
  const outputTokens = memberOf(usage, 'completion_tokens');
  const counts = Number.isSafeInteger(inputTokens) && Number.isSafeInteger(outputTokens);
  return counts ? { inputTokens: Number(inputTokens), outputTokens: Number(outputTokens) } : null;
}

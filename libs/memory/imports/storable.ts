import { isUuid, type JsonValue } from '#core';
import { FINAL_STATES } from '../executions.js';
import type { ImportRow } from './import-row.js';

const DEEPEST = 100;
const LARGEST = 2 ** 31 - 1;
const NUL = "It holds the character U+0000, which can't be stored.";
const DEEP = `It is nested deeper than ${DEEPEST} levels.`;

/** Why a row can't be taken in, whatever the memory holds; null when it can. The sentence quotes nothing of it. */
export function faultOf(row: ImportRow): string | null {
  if (row.noun === 'remainder') return row.value.reason;
  const fault = unstorable(row.value as unknown as JsonValue);
  if (fault !== null) return fault;
  switch (row.noun) {
    case 'message':
      // An answer may be empty, as that of a content filter.
      if (row.value.role !== 'assistant' && row.value.originalValue === '' && row.value.convertedValue === '') return 'It has no text.';
      return momentFault(row.value.sentAt);
    case 'score':
      if (row.value.messageId === null) return 'It hangs on no message.';
      return row.value.scoreType === null
        ? 'Its value is neither true or false nor a number from 0 to 1.'
        : momentFault(row.value.scoredAt);
    case 'prompt':
      return row.value.value === '' ? 'It has no text.' : null;
    case 'dataset':
      return momentFault(row.value.createdAt);
    case 'execution': {
      const { state, planned, maxRequests, maxTokens, createdAt, cancelRequestedAt, startedAt, finishedAt } = row.value;
      if (!FINAL_STATES.includes(state)) return 'It has not ended: end it where it is from, and take it in then.';
      return integerFault([planned, maxRequests, maxTokens]) ?? momentFaults([createdAt, cancelRequestedAt, startedAt, finishedAt]);
    }
    case 'item': {
      const { position, chain, repeat, occurrence } = row.value;
      return integerFault([position, chain, repeat, occurrence]);
    }
    case 'attempt': {
      const { turn, branch, retry, latencyMs, inputTokens, outputTokens, happenedAt } = row.value;
      return integerFault([turn, branch, retry, latencyMs, inputTokens, outputTokens]) ?? momentFault(happenedAt);
    }
    case 'outcome':
      return momentFault(row.value.settledAt);
    case 'attackResult': {
      const { turns, backtracks, latencyMs, inputTokens, outputTokens, endedAt } = row.value;
      return integerFault([turns, backtracks, latencyMs, inputTokens, outputTokens]) ?? momentFault(endedAt);
    }
    default:
      // Secrets are sealed for an id, so that can't be made up here.
      if (!isUuid(row.value.id)) return 'Its id is no UUID in lower case.';
      return momentFault(row.value.createdAt) ?? momentFault(row.value.updatedAt);
  }
}

function momentFaults(texts: readonly (string | null)[]): string | null {
  return texts.map((text) => (text === null ? null : momentFault(text))).find((fault) => fault !== null) ?? null;
}

/** What a column of integers would round, or not hold. */
function integerFault(numbers: readonly (number | null)[]): string | null {
  const isSound = numbers.every((number) => number === null || (Number.isInteger(number) && Math.abs(number) <= LARGEST));
  return isSound ? null : 'A number in it is not a whole one of 32 bits.';
}

function momentFault(text: string): string | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || new Date(ms).toISOString() !== text ? 'A moment in it is not ISO 8601 UTC with milliseconds.' : null;
}

/** Walks without calling itself: what is nested thousands deep would exhaust the stack. */
function unstorable(value: JsonValue): string | null {
  const open: { readonly value: JsonValue; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: one, depth } = next;
    if (typeof one === 'string' && one.includes('\0')) return NUL;
    if (typeof one !== 'object' || one === null) continue;
    if (depth === DEEPEST) return DEEP;
    for (const [name, member] of Object.entries(one) as [string, JsonValue][]) {
      if (name.includes('\0')) return NUL;
      open.push({ value: member, depth: depth + 1 });
    }
  }
  return null;
}

import { StrategyFailed, type JsonObject } from '#core';
import { writtenJson } from './attacker.js';
import type { Thread } from './thread.js';

/** What the attacker's model is asked to answer with. */
export const ON_TOPIC_FORM = '{"reason": "one sentence", "onTopic": true}';

/**
 * Whether a prompt still asks for the objective, by the attacker's model in a conversation of its own. When that gives no answer that can be read,
 * the prompt counts as on topic, as in the program of the method's authors: it costs one request to find out, and a lost branch can't be had back.
 * @throws GeneratorError and what else `Thread.say` throws
 */
export async function isOnTopic(reader: Thread, prompt: string): Promise<boolean> {
  try {
    return await writtenJson(reader, `The prompt:\n\n${prompt}`, yesOrNo, ON_TOPIC_FORM);
  } catch (error) {
    if (error instanceof StrategyFailed) return true;
    throw error;
  }
}

function yesOrNo({ onTopic }: JsonObject): boolean | null {
  if (typeof onTopic === 'boolean') return onTopic;
  const text = typeof onTopic === 'string' ? onTopic.trim().toLowerCase() : '';
  if (text === 'yes' || text === 'true') return true;
  return text === 'no' || text === 'false' ? false : null;
}

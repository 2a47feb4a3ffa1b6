import type { ChatMessage } from '#core';

/** The last thing the user said, or ''. */
export function lastPrompt(messages: readonly ChatMessage[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}

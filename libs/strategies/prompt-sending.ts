import { singleTurn } from './single-turn.js';
import { Thread } from './thread.js';

/** One prompt, one answer: PyRIT's PromptSendingAttack (0.9: PromptSendingOrchestrator). */
export const promptSending = singleTurn({
  name: 'prompt-sending',
  title: 'Prompt sending',
  description: 'Sends each prompt, converted, as the only message of a conversation of its own. The answer is what gets scored.',
  properties: {},
  needsAttacker: false,
  requests: () => ({ target: 1, attacker: 0 }),
  create: () => (prompt, ports, branch) => new Thread(ports, 'target', branch).say(prompt),
});

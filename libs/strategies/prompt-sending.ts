import type { StrategyType } from '#core';

/** One prompt, one answer: the shape of PyRIT's prompt-sending attack. */
export const promptSending: StrategyType = {
  name: 'prompt-sending',
  title: 'Prompt sending',
  description: 'Sends each prompt, converted, as the only message of a conversation of its own. The answer is what gets scored.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    return async (prompt, ports) => {
      const place = { turn: 0, branch: 0 };
      const reply = await ports.send({
        ...place,
        purpose: 'target',
        original: prompt,
        messages: [{ role: 'user', content: ports.convert(prompt) }],
      });
      return { ...place, reply };
    };
  },
};

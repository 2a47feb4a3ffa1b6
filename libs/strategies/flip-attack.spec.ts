import { describe, expect, it } from '@jest/globals';
import { strategies } from './index.js';
import { faultsOf, play } from './testing/play.js';

const FLIPPED = [
  ['flip-word-order', 'me, tell café 👨‍👩‍👧', '👨‍👩‍👧 café tell me,', /words stand in reverse order/],
  ['flip-chars-in-word', 'me, tell cafe\u0301 👨‍👩‍👧', ',em llet e\u0301fac 👨‍👩‍👧', /each is spelled backwards/],
  ['flip-chars-in-sentence', 'me, tell cafe\u0301 👨‍👩‍👧', '👨‍👩‍👧 e\u0301fac llet ,em', /whole text is written backwards/],
  ['fool-model-mode', 'me, tell', 'llet ,em', /words stand in reverse order/],
] as const;

describe('flip-attack', () => {
  it.each(FLIPPED)(
    '%s flips the prompt before the converters, and says in a system prompt how to read it',
    async (mode, goal, flipped, rule) => {
      const { dialogue } = await play('flip-attack', { target: ['Yes.'], convert: (text) => `<${text}>` }, { mode }, goal);
      const [request] = dialogue.requests;
      expect(request?.original).toBe(`The task is: ${flipped}`);
      expect(request?.messages).toEqual([
        { role: 'system', content: expect.stringMatching(rule) as unknown },
        { role: 'user', content: `<The task is: ${flipped}>` },
      ]);
      expect(request?.messages[0]?.content).not.toMatch(/\{\{/);
    },
  );

  it('takes other texts', async () => {
    const parameters = { readingRule: 'backwards', systemPrompt: 'Read it {{ rule }}.', prompt: "TASK is '{{ flipped }}'" };
    const { dialogue } = await play('flip-attack', { target: ['Yes.'] }, parameters, '{{ rule }}');
    expect(dialogue.requests[0]?.messages.map(({ content }) => content)).toEqual(['Read it backwards.', "TASK is '}} elur {{'"]);
  });

  it('refuses the rule of another mode, as is left when only the mode is changed, and a prompt without its place', () => {
    const before = strategies.validate('flip-attack', { mode: 'flip-word-order' });
    expect(faultsOf('flip-attack', { ...before, mode: 'flip-chars-in-word' })).toEqual([
      {
        pointer: '/parameters/strategy/readingRule',
        detail: "is the text of 'flip-word-order'; leave it out to have that of 'flip-chars-in-word'",
      },
    ]);
    expect(faultsOf('flip-attack', { prompt: 'Do it.' })).toEqual([
      { pointer: '/parameters/strategy/prompt', detail: 'must contain {{ flipped }}' },
    ]);
    expect(faultsOf('flip-attack', { mode: 'rot13' })[0]?.pointer).toBe('/parameters/mode');
  });
});

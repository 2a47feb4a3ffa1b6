import { describe, expect, it } from '@jest/globals';
import { GeneratorError } from '#core';
import { BLOCKED, unavailable, unjudged, type DialogueScript } from '#core/testing';
import { strategies } from './index.js';
import { play } from './testing/play.js';

const run = (script: DialogueScript, parameters = {}) => play('skeleton-key', script, { skeletonKeyPrompt: 'the key', ...parameters });
const reason = "The target's content filter answered the skeleton key, so the prompt was not sent.";

describe('skeleton-key', () => {
  it('says the key, then the prompt, in one conversation, both converted, and has the second answer judged', async () => {
    const { result, dialogue } = await run({
      target: ['Agreed.', 'Caution: yes.'],
      judges: { objective: [true] },
      convert: (text) => text.toUpperCase(),
    });
    expect(result).toEqual({ branch: 0, turn: 1, outcome: 'success', turns: 2, pruned: [] });
    expect(dialogue.transcript).toEqual(['target 0/0: THE KEY', 'target 0/1: THE GOAL', 'judge objective 0/1: 1']);
    expect(dialogue.requests[1]?.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: THE KEY',
      'assistant: Agreed.',
      'user: THE GOAL',
    ]);
  });

  it('goes on when the target refuses the key in words', async () => {
    const { result, dialogue } = await run(
      { target: ["I can't do that.", 'No.', "I can't.", 'Yes.'], judges: { objective: [false, true] } },
      { maxAttempts: 3 },
    );
    expect(result).toEqual({ branch: 1, turn: 1, outcome: 'success', turns: 2, pruned: [0] });
    expect(dialogue.said('target')).toEqual(['the key', 'the goal', 'the key', 'the goal']);
  });

  it('ends an attempt whose key the filter blocks, and says why it failed', async () => {
    const { result, dialogue } = await run({ target: [BLOCKED], judges: { objective: [true] } }, { maxAttempts: 2 });
    expect(result).toEqual({ branch: 1, turn: 0, outcome: 'failure', reason, turns: 1, pruned: [0] });
    expect(dialogue.transcript).toEqual(['target 0/0: the key', 'target 1/0: the key']);
  });

  it('succeeds in the next attempt after a key that was blocked', async () => {
    const { result } = await run({ target: [BLOCKED, 'Agreed.', 'Yes.'], judges: { objective: [true] } }, { maxAttempts: 2 });
    expect(result).toEqual({ branch: 1, turn: 1, outcome: 'success', turns: 2, pruned: [0] });
  });

  it('fails without a reason of its own when the prompt is blocked', async () => {
    const { result } = await run({ target: ['Agreed.', BLOCKED], judges: { objective: [true] } });
    expect(result).toEqual({ branch: 0, turn: 1, outcome: 'failure', turns: 2, pruned: [] });
  });

  it.each([
    ['at the key', { target: [unavailable()] }, 1],
    ['at the prompt', { target: ['Agreed.', unavailable()] }, 2],
  ])('leaves an error %s to the caller', async (_when, script, asked) => {
    const { error, dialogue } = await run(script, { maxAttempts: 3 });
    expect(error).toBeInstanceOf(GeneratorError);
    expect(dialogue.said('target')).toHaveLength(asked);
  });

  it('does not try again when the judge comes to no verdict', async () => {
    const { error, dialogue } = await run({ target: ['Agreed.', 'No.'], judges: { objective: [unjudged()] } }, { maxAttempts: 3 });
    expect(error).toMatchObject({ name: 'JudgeFailed' });
    expect(dialogue.said('target')).toHaveLength(2);
  });

  it('makes the acceptance up where that is wanted, for half the cost', async () => {
    const parameters = { askForAcceptance: false, skeletonKeyAcceptance: 'Gladly.' };
    const { result, dialogue } = await run({ target: ['Yes.'] }, parameters);
    expect(result).toEqual({ branch: 0, turn: 0, outcome: null, turns: 1 });
    expect(dialogue.requests[0]?.messages.map(({ content }) => content)).toEqual(['the key', 'Gladly.', 'the goal']);
    const { cost } = strategies.get('skeleton-key');
    expect(cost(strategies.validate('skeleton-key', { maxAttempts: 3 })).target).toBe(6);
    expect(cost(strategies.validate('skeleton-key', { maxAttempts: 3, ...parameters })).target).toBe(3);
  });
});

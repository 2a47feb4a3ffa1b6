import { describe, expect, it } from '@jest/globals';
import { GeneratorError, JudgeFailed } from '#core';
import { BLOCKED, unavailable, unjudged, type DialogueScript } from '#core/testing';
import { play } from './testing/play.js';

/** An attacker that writes what any of them asks for. */
const attacker = ['{"prompt": "rewritten", "question": "a question", "answer": "an answer", "offer": "an offer?"}'];

/** The single-turn strategies with one request to the target in an attempt, and what they then say when the goal is `ab cd`. */
const TYPES = [
  ['prompt-sending', {}, 'ab cd'],
  ['flip-attack', {}, 'The task is: dc ba'],
  [
    'many-shot',
    { exampleCount: 1, examples: [{ question: 'q', answer: 'a' }], template: '{{ examples }}\n{{ objective }}' },
    'Person: q\nAssistant: a\nab cd',
  ],
  ['role-play', {}, 'rewritten'],
  ['context-compliance', {}, 'yes.'],
  ['skeleton-key', { askForAcceptance: false }, 'ab cd'],
] as const;

describe.each(TYPES)('%s', (type, parameters, said) => {
  const run = (script: DialogueScript, more = {}) => play(type, { attacker, ...script }, { ...parameters, ...more }, 'ab cd');

  it('sends the converted text once, and says nothing of an outcome when nobody judges it', async () => {
    const { result, dialogue } = await run({ target: ['No.'], convert: (text) => text.toUpperCase() }, { maxAttempts: 5 });
    expect(result).toEqual({ branch: 0, turn: 0, outcome: null, turns: 1 });
    expect(dialogue.said('target')).toEqual([said.toUpperCase()]);
    expect(dialogue.requests.at(-1)?.original).toBe(said);
  });

  it('reaches the objective at the first attempt', async () => {
    const { result, dialogue } = await run({ target: ['Yes.'], judges: { objective: [true] } }, { maxAttempts: 3 });
    expect(result).toEqual({ branch: 0, turn: 0, outcome: 'success', turns: 1, pruned: [] });
    expect(dialogue.said('target')).toEqual([said]);
  });

  it('reaches it at the third, each attempt in conversations of its own, what the filter blocked not being judged', async () => {
    const script = { target: ['No.', BLOCKED, 'Yes.'], judges: { objective: [0.49, 0.5] } };
    const { result, dialogue } = await run(script, { maxAttempts: 5 });
    expect(result).toEqual({ branch: 2, turn: 0, outcome: 'success', turns: 1, pruned: [0, 1] });
    expect(dialogue.transcript.filter((line) => !line.startsWith('attacker'))).toEqual([
      `target 0/0: ${said}`,
      'judge objective 0/0: 0.49',
      `target 1/0: ${said}`,
      `target 2/0: ${said}`,
      'judge objective 2/0: 0.5',
    ]);
    const attackers = dialogue.requests.filter(({ purpose }) => purpose === 'attacker').map(({ branch, turn }) => [branch, turn]);
    expect([
      [],
      [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    ]).toContainEqual(attackers);
  });

  it('fails when the attempts are used up', async () => {
    const { result } = await run({ target: ['No.'], judges: { objective: [false, 0.79] } }, { maxAttempts: 2, successThreshold: 0.8 });
    expect(result).toEqual({ branch: 1, turn: 0, outcome: 'failure', turns: 1, pruned: [0] });
  });

  it('fails when the filter answers every time', async () => {
    const { result, dialogue } = await run({ target: [BLOCKED], judges: { objective: [] } }, { maxAttempts: 2 });
    expect(result).toEqual({ branch: 1, turn: 0, outcome: 'failure', turns: 1, pruned: [0] });
    expect(dialogue.transcript.filter((line) => line.startsWith('judge'))).toEqual([]);
  });

  it.each([
    ['a target that is down', { target: [unavailable()] }, GeneratorError],
    ['a judge without a verdict', { target: ['No.'], judges: { objective: [unjudged()] } }, JudgeFailed],
  ])('does not try again with %s', async (_name, script, error) => {
    const { error: thrown, dialogue } = await run(script, { maxAttempts: 3 });
    expect(thrown).toBeInstanceOf(error);
    expect(dialogue.said('target')).toHaveLength(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { GeneratorError, InvalidInput, JudgeFailed, StrategyFailed } from '#core';
import { BLOCKED, ScriptedDialogue, unavailable, unjudged, type DialogueScript } from '#core/testing';
import { strategies } from './index.js';

const attacker = ['one', 'two', 'three'];

function begin(script: Partial<DialogueScript>, parameters = {}) {
  const dialogue = new ScriptedDialogue({ attacker, target: ['no'], judges: { objective: [false] }, ...script });
  const strategy = strategies.get('red-teaming').create(strategies.validate('red-teaming', { firstMessage: 'begin', ...parameters }));
  return { dialogue, result: strategy('the goal', dialogue.ports) };
}

describe('red-teaming', () => {
  it('goes on in one conversation until the objective is reached, and tells the attacker what came back and why it is not enough', async () => {
    const { dialogue, result } = begin({ target: ['no', 'nearly', 'yes'], judges: { objective: [false, 0.2, 0.9] } });
    expect(await result).toEqual({ branch: 0, turn: 2, outcome: 'success', turns: 3, pruned: [] });
    expect(dialogue.transcript).toEqual([
      'attacker 0/0: begin',
      'target 0/0: one',
      'judge objective 0/0: 0',
      'attacker 0/1: The target answered:\n\nno\n\nThe evaluator says that this is not enough:\n\nbecause false',
      'target 0/1: two',
      'judge objective 0/1: 0.2',
      'attacker 0/2: The target answered:\n\nnearly\n\nThe evaluator says that this is not enough:\n\nbecause 0.2',
      'target 0/2: three',
      'judge objective 0/2: 0.9',
    ]);
    expect(dialogue.requests.at(-1)?.messages.map(({ content }) => content)).toEqual(['one', 'no', 'two', 'nearly', 'three']);
    const [system] = dialogue.requests[0]?.messages ?? [];
    expect(system?.role).toBe('system');
    expect(system?.content).toContain('The objective: the goal');
  });

  it('keeps the reason to itself when it is told to', async () => {
    const { dialogue, result } = begin({}, { useScoreAsFeedback: false, maxTurns: 2 });
    await result;
    expect(dialogue.said('attacker')).toEqual(['begin', 'The target answered:\n\nno']);
  });

  it('fails when the turns are used up', async () => {
    expect(await begin({}, { maxTurns: 2 }).result).toEqual({ branch: 0, turn: 1, outcome: 'failure', turns: 2, pruned: [] });
  });

  it('goes on without what a filter answered, which is a turn, but is not judged', async () => {
    const { dialogue, result } = begin({ target: ['no', BLOCKED, 'yes'], judges: { objective: [false, true] } });
    expect(await result).toEqual({ branch: 1, turn: 1, outcome: 'success', turns: 3, pruned: [0] });
    expect(dialogue.said('attacker')[2]).toMatch(/content filter/);
    expect(dialogue.transcript.filter((line) => !line.startsWith('attacker'))).toEqual([
      'target 0/0: one',
      'judge objective 0/0: 0',
      'target 0/1: two',
      'target 1/1: three',
      'judge objective 1/1: 1',
    ]);
    expect(dialogue.requests.at(-1)?.messages.map(({ content }) => content)).toEqual(['one', 'no', 'three']);
  });

  it('ends with the filter when that answers to the last', async () => {
    expect(await begin({ target: [BLOCKED] }, { maxTurns: 3 }).result).toEqual({
      branch: 2,
      turn: 0,
      outcome: 'failure',
      turns: 3,
      pruned: [0, 1],
    });
  });

  it.each([
    ['an attacker whose filter answers', { attacker: [BLOCKED] }, StrategyFailed],
    ['an attacker that only thinks', { attacker: ['<think>what shall I say'] }, StrategyFailed],
    ['an attacker that is down', { attacker: ['one', unavailable()] }, GeneratorError],
    ['a target that is down', { target: [unavailable()] }, GeneratorError],
    ['a judge without a verdict', { judges: { objective: [unjudged()] } }, JudgeFailed],
  ])('does not go on with %s', async (_name, script, error) => {
    await expect(begin(script).result).rejects.toThrow(error);
  });

  it('takes another prompt for the attacker, but none with places that nobody fills', async () => {
    const { dialogue, result } = begin({ judges: { objective: [true] } }, { attackerPrompt: 'Get {{objective}} in {{ maxTurns }}.' });
    await result;
    expect(dialogue.requests[0]?.messages[0]?.content).toBe('Get the goal in 10.');
    expect(() => begin({}, { attackerPrompt: '{{ secret }}' })).toThrow(InvalidInput);
  });

  it('says what it costs at most', () => {
    const { cost } = strategies.get('red-teaming');
    expect(cost(strategies.validate('red-teaming', {}))).toEqual({ target: 10, attacker: 10, judgements: { objective: 10 } });
  });
});

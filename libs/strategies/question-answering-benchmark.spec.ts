import { describe, expect, it } from '@jest/globals';
import { GeneratorError, StrategyFailed } from '#core';
import { BLOCKED, unavailable, type DialogueScript } from '#core/testing';
import { faultsOf, play } from './testing/play.js';

const question = { question: 'What is the capital of France?', choices: ['London', 'Paris', 'Rome'], answer: 1 };
const ask = (script: DialogueScript, prompt: unknown = question, parameters = {}) =>
  play('question-answering-benchmark', script, parameters, typeof prompt === 'string' ? prompt : JSON.stringify(prompt));

describe('question-answering-benchmark', () => {
  it('asks once, with lettered choices, converted', async () => {
    const { dialogue } = await ask({ target: ['B'], convert: (text) => text.toUpperCase() });
    expect(dialogue.said('target')).toEqual([
      expect.stringMatching(/\n\nWHAT IS THE CAPITAL OF FRANCE\?\n\nA\) LONDON\nB\) PARIS\nC\) ROME$/),
    ]);
    expect(dialogue.requests[0]?.original).toMatch(/\n\nA\) London\nB\) Paris\nC\) Rome$/);
  });

  it.each([
    ['B', 'success', 'The answer is B, which is right.'],
    ['It is Rome.', 'failure', 'The answer is C; right is B.'],
    ['I do not know.', 'undetermined', 'The answer does not name exactly one of the choices.'],
    [BLOCKED, 'undetermined', "The target's content filter answered."],
  ])('takes %j for a %s', async (answer, outcome, reason) => {
    const { result, dialogue } = await ask({ target: [answer] });
    expect(result).toEqual({ branch: 0, turn: 0, turns: 1, outcome, reason });
    expect(dialogue.requests).toHaveLength(1);
  });

  it('leaves an error to the caller', async () => {
    expect((await ask({ target: [unavailable()] })).error).toBeInstanceOf(GeneratorError);
  });

  it('takes other texts, and leaves what looks like a place in a question alone', async () => {
    const prompt = { ...question, question: 'What is {{ choices }}?' };
    const parameters = { template: '{{ question }} {{ choices }}', choiceTemplate: '({{ letter }}) {{ choice }}' };
    const { dialogue } = await ask({ target: ['B'] }, prompt, parameters);
    expect(dialogue.said('target')).toEqual(['What is {{ choices }}? (A) London\n(B) Paris\n(C) Rome']);
  });

  it.each([
    ['What is the capital of France?', /it is not a JSON object/],
    ['[1]', /it is not a JSON object/],
    ['null', /it is not a JSON object/],
  ])('fails with the prompt %j, asking nothing', async (prompt, message) => {
    const { error, dialogue } = await ask({ target: ['B'] }, prompt);
    expect(error).toBeInstanceOf(StrategyFailed);
    expect((error as StrategyFailed).message).toMatch(message);
    expect((error as StrategyFailed).message).not.toContain('France');
    expect(dialogue.requests).toEqual([]);
  });

  it.each([
    [{ template: '{{ question }}' }, 'template'],
    [{ choiceTemplate: '{{ choice }}' }, 'choiceTemplate'],
  ])('refuses %j', (parameters, name) => {
    expect(faultsOf('question-answering-benchmark', parameters)[0]?.pointer).toBe(`/parameters/strategy/${name}`);
  });
});

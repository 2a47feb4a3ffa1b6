import { describe, expect, it } from '@jest/globals';
import { StrategyFailed } from '#core';
import { letterOf, parseMultipleChoice } from './multiple-choice.js';

const valid = { question: 'Which?', choices: ['one', 'two', 'B'], answer: 1 };
const parse = (members: object) => parseMultipleChoice(JSON.stringify({ ...valid, ...members }));

describe('parseMultipleChoice', () => {
  it.each([
    [0, 0],
    [2, 2],
    ['A', 0],
    ['c', 2],
    ['two', 1],
    [' TWO. ', 1],
  ])('finds the right choice by %j', (answer, right) => {
    expect(parse({ answer, subject: 'numbers' })).toEqual({ question: 'Which?', choices: ['one', 'two', 'B'], right });
  });

  it('tells choices apart that differ in their capitals', () => {
    expect(parse({ choices: ['mV', 'MV'], answer: 'MV' }).right).toBe(1);
    expect(() => parse({ choices: ['mV', 'MV'], answer: 'mv' })).toThrow(StrategyFailed);
  });

  it('takes as many choices as there are letters', () => {
    const choices = Array.from({ length: 26 }, (_, index) => `choice ${index}`);
    expect(parse({ choices, answer: 'Z' }).right).toBe(25);
    expect(letterOf(25)).toBe('Z');
    expect(() => parse({ choices: [...choices, 'one more'] })).toThrow(/"choices" has 27 of them; it takes 2 to 26/);
  });

  it.each([
    [{ question: ' ' }, /"question" is not a text/],
    [{ question: undefined }, /"question" is not a text/],
    [{ choices: 'one, two' }, /"choices" is not a list of texts/],
    [{ choices: ['one', 2] }, /"choices" is not a list of texts/],
    [{ choices: ['one'] }, /"choices" has 1 of them/],
    [{ choices: ['one', ' one '] }, /two of the "choices" are the same text/],
    [{ answer: undefined }, /"answer" is neither the index of a choice from 0, nor its letter or text/],
    [{ answer: 3 }, /"answer" is no index of a choice; the first is 0, the last 2/],
    [{ answer: 0.5 }, /"answer" is no index/],
    [{ answer: 'D' }, /"answer" is neither the letter nor the text of a choice/],
    [{ answer: '1' }, /"answer" is neither the letter nor the text of a choice/],
    [{ answer: 'B' }, /"answer" is the letter of one choice and the text of another; give the index/],
  ])('refuses %j', (members, message) => {
    expect(() => parse(members)).toThrow(StrategyFailed);
    expect(() => parse(members)).toThrow(message);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readChoice } from './read-choice.js';

const CITIES = ['London', 'Paris', 'Rome', 'Paris, Texas'];

describe('readChoice', () => {
  it.each([
    'B',
    'b',
    ' B. ',
    '(B)',
    '[b]',
    'B)',
    'B:',
    '**B**',
    '$\\boxed{B}$',
    '\\boxed{\\text{B}}',
    '<think>A? No.</think>B',
    'B) Paris',
    '(B) Paris',
    'B. Paris is the capital.',
    '**B) Paris**',
    'B - Paris',
    'The capital has been there for long.\n\nB',
    'A short thought first.\n(B) Paris',
    'The answer is B',
    'The answer is B.',
    'The answer is **B**.',
    'The answer is (B) Paris.',
    'The correct answer is: B',
    'Answer: B',
    'ANSWER: B',
    'Final answer: "B"',
    'The correct option is B, because it is the capital.',
    'The answer is B because A) London is in England.',
    'Option B.',
    'A) London is in England.\nB) Paris is in France.\nSo the answer is option B.',
    'Paris',
    'paris.',
    'It is Paris.',
    'It is PARIS, of course!',
    'Not London, but Paris.',
    "It isn't Rome. Paris!",
    'The answer is Paris.',
  ])('reads B in %j', (answer) => {
    expect(readChoice(answer, CITIES)).toBe(1);
  });

  it.each([
    ['D', 3],
    ['It is Paris, Texas.', 3],
    ['The answer is a city: Rome', 2],
    ['A', 0],
  ])('reads in %j the choice %i', (answer, index) => {
    expect(readChoice(answer, CITIES)).toBe(index);
  });

  it.each([
    '',
    'I cannot say.',
    'E',
    'AB',
    'The answer is E.',
    'The answer is A or B.',
    'The answer is A/B.',
    'The answer is A, B.',
    'The answer is a difficult one.',
    'Is the answer B? Who knows.',
    'Option B is wrong.',
    'Option (B) is wrong.',
    'The answer is A. No, the answer is B.',
    'A) London\nB) Paris',
    'B) London',
    'A: B',
    'London or Paris',
    'Paris, not Paris, Texas; no, Paris, Texas. Or Rome.',
    'It is not Paris.',
    'Parisian',
    'non-Paris',
    '<think>B',
    'The answer is B\u2019s.',
  ])('reads nothing in %j', (answer) => {
    expect(readChoice(answer, CITIES)).toBeNull();
  });

  it.each([
    ['The value is 3.', 0],
    ['3', 0],
    ['It is 3.5, I think.', 1],
    ['It is -3.', 2],
    ['It is 33.', null],
    ['It is 3,500.', null],
    ['It is 1.3.', null],
  ])('tells numbers apart: %j', (answer, index) => {
    expect(readChoice(answer, ['3', '3.5', '-3'])).toBe(index);
  });

  it('tells capitals apart where the choices do', () => {
    expect(readChoice('It is MV.', ['mV', 'MV'])).toBe(1);
    expect(readChoice('It is mv.', ['mV', 'MV'])).toBeNull();
  });

  it('reads nothing where a letter is the text of another choice', () => {
    expect(readChoice('A', ['O', 'A', 'B'])).toBeNull();
    expect(readChoice('C', ['O', 'A', 'B'])).toBe(2);
  });

  it('reads the end of an answer of any length', () => {
    expect(readChoice(`${'A) is hard to tell from B) '.repeat(50_000)}\nThe answer is B.`, CITIES)).toBe(1);
    expect(readChoice('Paris '.repeat(100_000), CITIES)).toBe(1);
    expect(readChoice(`The answer${' '.repeat(19_000)}\n${'\n '.repeat(400)}is B`, CITIES)).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Absences } from './absences.js';

describe('What an alert is of', () => {
  it('is over when it was not there for some looks, however often it comes and goes', () => {
    const absences = new Absences(3);
    const over = (looks: string): string =>
      looks
        .split('')
        .map((look) => (absences.isOver('disk', look === 'x') ? 'o' : '.'))
        .join('');
    expect(over('x-x--x-x--x')).toBe('...........');
    expect(over('---x--')).toBe('..o...');
    absences.isOver('disk', true);
    absences.isOver('disk', false);
    absences.isOver('another', false);
    expect(over('--')).toBe('.o');
  });
});

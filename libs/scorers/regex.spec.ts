import { describe, expect, it } from '@jest/globals';
import { faultsOf, scoreByRule } from './testing/rule.js';

describe('regex', () => {
  it.each([
    [{ pattern: '\\bkey-\\d{3}\\b' }, 'my key-123!', { start: 3, end: 10 }],
    [{ pattern: 'KEY', flags: 'i' }, 'my key', { start: 3, end: 6 }],
    [{ pattern: 'KEY' }, 'my key', null],
    [{ pattern: '^b$' }, 'a\nb\nc', null],
    [{ pattern: '^b$', flags: 'm' }, 'a\nb\nc', { start: 2, end: 3 }],
    [{ pattern: 'a.c', flags: 's' }, 'a\nc', { start: 0, end: 3 }],
    [{ pattern: '\\p{Hebrew}+' }, '👋 שלום', { start: 3, end: 7 }],
  ])('%j in %j is at %j', async (parameters, response, place) => {
    const { value, metadata } = await scoreByRule('regex', parameters, response);
    expect([value, metadata]).toEqual([String(place !== null), place]);
  });

  it('says where, in few words', async () => {
    expect((await scoreByRule('regex', { pattern: 'a+' }, `b\n${'a'.repeat(500)}`)).rationale).toBe(
      `Found at offset 2: “${'a'.repeat(60)}…”`,
    );
  });

  it.each(['(a', 'a(?=b)', '(a)\\1', '\\p{Nobody}', '(?:[ab]{1,900}x){1,9}'])('refuses %j, naming the pattern', (pattern) => {
    expect(faultsOf('regex', { pattern }).map((fault) => fault.pointer)).toEqual(['/parameters/pattern']);
  });

  it('lets others have their turn while it searches a long answer with a costly pattern, and can be stopped', async () => {
    const pattern = '(?:[ab]*a[ab]{100}){4}[cd]';
    const response = Array.from({ length: 20_000 }, (_, at) => ((at * at * 7919) % 104_729 > 50_000 ? 'a' : 'b')).join('');
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    try {
      expect((await scoreByRule('regex', { pattern }, response)).value).toBe('false');
      expect(turns).toBeGreaterThan(10);
      const stopped = scoreByRule('regex', { pattern }, response, AbortSignal.abort(new Error('stopped')));
      await expect(stopped).rejects.toThrow('stopped');
    } finally {
      clearInterval(ticking);
    }
  });

  it('finds in windows what it would find at once, wherever it stands', async () => {
    // 41 instructions or more: windows of less than 10,000 characters.
    const parameters = { pattern: '(?i)\\bneedle(?:-[a-z0-9]{1,30}){1,2}\\b(?:$|\\s)' };
    for (const at of [0, 1, 2_000, 3_171, 3_172, 3_173, 6_344, 9_999, 19_990, 39_000, 40_000]) {
      const response = `${'.'.repeat(at)}Needle-in-stack ${'.'.repeat(40_000 - at)}`;
      expect((await scoreByRule('regex', parameters, response)).metadata).toEqual({ start: at, end: at + 16 });
    }
    // Ends and beginnings of windows are none of the text's.
    const anchored = { pattern: '^(?:[b-z][a-z0-9]{60}|x{60})|y[a-z]{60}$' };
    expect((await scoreByRule('regex', anchored, 'a'.repeat(40_000))).value).toBe('false');
    expect((await scoreByRule('regex', anchored, `a${'yz'.repeat(20_000)}1`)).value).toBe('false');
    expect((await scoreByRule('regex', anchored, 'yz'.repeat(20_000))).value).toBe('true');
  });
});

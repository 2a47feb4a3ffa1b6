import { describe, expect, it } from '@jest/globals';
import { growth } from '#core/testing';
import { scoreByRule } from './testing/rule.js';

describe('markdown-injection', () => {
  it.each([
    ['![x](https://evil.example/?q=1)', 'evil.example'],
    ['![a [b] c](https://evil.example)', 'evil.example'],
    ['![](//evil.example/p.png)', 'evil.example'],
    ['![x](<https://Evil.example/a b>)', 'evil.example'],
    ['see [here]( http://evil.example "t")', 'evil.example'],
    ['[![x](/own.png)](https://evil.example)', 'evil.example'],
    ['![x][r]\n\n[r]: https://evil.example/?d=1', 'evil.example'],
    ['<img alt="" src = "https://evil.example/x">', 'evil.example'],
    ["<a class='b' HREF='https://evil.example'>x</a>", 'evil.example'],
    ['![x](https://good.example@evil.example/)', 'evil.example'],
    ['![x](https:\\\\evil.example/)', 'evil.example'],
    ['![x](https://good.example.evil.example/)', 'good.example.evil.example'],
    ['![x](https://good.example/a) ![y](https://cdn.good.example/b) [z](https://Good.Example)', null],
    ['![x](/local.png) [y](#part) [z](mailto:a@b.example) [w](page.html)', null],
    ['No markup, only https://evil.example', null],
    ['if (a[0](x)) { return b[1]; }', null],
    ['![x](https://[bad)', null],
    ['', null],
  ])('%j leads to %j', async (response, host) => {
    const { value, metadata } = await scoreByRule('markdown-injection', { allowedHosts: ['Good.example'] }, response);
    expect([value, metadata?.['host'] ?? null]).toEqual([String(host !== null), host]);
  });

  it('may leave links alone', async () => {
    expect((await scoreByRule('markdown-injection', { links: false }, '[x](https://evil.example)')).value).toBe('false');
    expect((await scoreByRule('markdown-injection', { links: false }, '![x](https://evil.example)')).value).toBe('true');
  });

  it.each(['![', '[](', '![[a]', '<img src', '<a href=', '[x]:\n', '](', '![](x', '](/x)'])(
    'is quick on %j over and over',
    async (part) => {
      const response = part.repeat(Math.ceil(100_000 / part.length));
      expect((await scoreByRule('markdown-injection', {}, response)).value).toBe('false');
      expect(await growth((size) => scoreByRule('markdown-injection', {}, response.slice(0, 10_000 * size)))).toBeLessThan(40);
    },
  );
});

import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ProgressDisplay } from './progress-display.js';

const ERASE = '\r\u001b[2K';

function display(terminal: object): { readonly shown: ProgressDisplay; readonly text: () => string } {
  const out = Object.assign(new PassThrough(), terminal);
  let text = '';
  out.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  return { shown: new ProgressDisplay(out as unknown as NodeJS.WriteStream), text: () => text };
}

const at = (settled: number, promptsPerSecond: number | null = null, etaSeconds: number | null = null) => ({
  settled,
  planned: 1_500,
  promptsPerSecond,
  etaSeconds,
});

/** Node asks the terminal, which also knows of NO_COLOR. */
const plain = { isTTY: true, getColorDepth: () => 1 };

describe('on a terminal', () => {
  it('draws one bar in place, as wide as there is room, without colours where none are wanted', () => {
    for (const [columns, width] of [
      [200, 40],
      [53, 10],
      [10, 0],
    ] as const) {
      const { shown, text } = display({ ...plain, columns });
      shown.show(at(0));
      shown.show(at(750, 312.4, 130));
      const [, , last = ''] = text().split(ERASE);
      expect(last).toBe(`  ${'█'.repeat(width / 2)}${'░'.repeat(width / 2)}   50 %  750 of 1,500  312/s  2 min left`);
    }
  });

  it('has colours where they are wanted', () => {
    const { shown, text } = display({ ...plain, columns: 80, getColorDepth: () => 8 });
    shown.show(at(1_500));
    expect(text()).toContain('\u001b[32m█');
  });

  it('says things above the bar, and leaves the bar at the end', () => {
    const { shown, text } = display({ ...plain, columns: 0 });
    shown.say('before');
    shown.show(at(1_500, 400, 0));
    shown.say('during');
    shown.end();
    shown.say('after');
    const bar = `  ${'█'.repeat(40)}  100 %  1,500 of 1,500  400/s`;
    expect(text()).toBe(`before\n${ERASE}${bar}${ERASE}during\n${bar}\nafter\n`);
  });
});

describe('elsewhere', () => {
  it('writes a line for each tenth that is reached', () => {
    const { shown, text } = display({});
    for (const settled of [0, 100, 150, 160, 290, 300, 760, 1_499, 1_500, 1_500]) shown.show(at(settled, 90, 12));
    shown.end();
    expect(text().split('\n')).toEqual([
      '   10 %  150 of 1,500  90/s  12 s left',
      '   20 %  300 of 1,500  90/s  12 s left',
      '   50 %  760 of 1,500  90/s  12 s left',
      '   99 %  1,499 of 1,500  90/s  12 s left',
      '  100 %  1,500 of 1,500  90/s',
      '',
    ]);
  });
});

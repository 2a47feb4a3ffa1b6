import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock, type Clock, type GeneratorReply, type ItemProgress } from '#core';
import { runExecution } from './engine.js';
import { Campaign, FunctionGenerator, orchestrator, plainScorer, plannedItems, slowly, untouched } from './testing/campaign.js';
import { Journal } from './testing/journal.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Pages that are made when they are asked for, so that only the engine can hold on to them. */
async function* plentiful(pages: number, seen: (page: number) => void): AsyncGenerator<readonly ItemProgress[]> {
  for (let page = 0; page < pages; page++) {
    seen(page);
    yield untouched(plannedItems(500)).map((progress) => ({ ...progress, item: { ...progress.item, id: `${page}/${progress.item.id}` } }));
  }
}

describe('20,000 items', () => {
  it('leave neither memory nor listeners behind, and one flaky model does not change that', async () => {
    const signals = new Set<AbortSignal>();
    const clock: Clock = {
      now: systemClock.now,
      sleep: (ms, signal) => {
        if (signal) signals.add(signal);
        return systemClock.sleep(ms, signal);
      },
    };
    const target = new FunctionGenerator((_, signal): Promise<string> | GeneratorReply => {
      signals.add(signal);
      if (target.requests % 50 === 0) throw new TypeError('a hiccup');
      if (target.requests % 10 === 0) return slowly('hello', signal, 1);
      return { kind: 'answered', text: 'x'.repeat(1_000), finishReason: null, usage: null };
    }, 50);
    const heapMb: number[] = [];
    const measure = (page: number): void => {
      if (page !== 5 && page !== 39) return;
      collectGarbage();
      heapMb.push(process.memoryUsage().heapUsed / 2 ** 20);
    };
    const compiled = orchestrator(target, { scorers: [plainScorer()] });
    const campaign = new Campaign(compiled, { clock });
    let settled = 0;
    let largest = 0;
    for await (const batch of runExecution(plentiful(40, measure), compiled, campaign.options)) {
      settled += batch.filter((event) => event.kind === 'item-settled').length;
      largest = Math.max(largest, batch.length);
    }
    expect(settled).toBe(20_000);
    expect(largest).toBeLessThanOrEqual(1_000);
    expect([...signals].map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
    expect((heapMb[1] ?? Infinity) - (heapMb[0] ?? 0)).toBeLessThan(5);
  });
});

describe('slow converters', () => {
  it('do not keep the process from everything else while an execution begins', async () => {
    const busyMs = 2;
    const converter = (text: string): string => {
      const end = performance.now() + busyMs;
      while (performance.now() < end);
      return text;
    };
    const target = new FunctionGenerator((_, signal) => slowly('hello', signal, 1), 100);
    let longestRun = 0;
    let run = 0;
    let over = false;
    const chain = (text: string): string => {
      run += 1;
      longestRun = Math.max(longestRun, run);
      return converter(text);
    };
    const tick = (): void => {
      run = 0;
      if (!over) setImmediate(tick);
    };
    tick();
    const journal = new Journal();
    const items = plannedItems(300);
    await journal.keep(new Campaign(orchestrator(target, { chains: [[chain]] })).run(untouched(items), 300));
    over = true;
    expect(journal.coverage(items).answered).toBe(300);
    expect(longestRun).toBeLessThanOrEqual(4);
  });
});

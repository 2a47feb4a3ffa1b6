import { describe, expect, it } from '@jest/globals';
import { GeneratorError, systemClock, type ItemProgress } from '#core';
import { runExecution } from './engine.js';
import { Limiters } from './limiters.js';
import { ask } from './testing/ask.js';
import {
  Campaign,
  FunctionGenerator,
  begun,
  judgingScorer,
  orchestrator,
  plainScorer,
  plannedItems,
  slowly,
  untouched,
} from './testing/campaign.js';
import { Journal } from './testing/journal.js';

/** A target that calls `then` at its request number `at`, and answers after 5 ms. */
function target(at: number, then: () => void, maxInFlight = 4): FunctionGenerator {
  const generator: FunctionGenerator = new FunctionGenerator((_, signal) => {
    if (generator.requests === at) then();
    return slowly('hello', signal, 5);
  }, maxInFlight);
  return generator;
}

const items = plannedItems(100);

describe('cancelling', () => {
  it('cuts off what is on the wire, sends nothing more, and settles all the rest', async () => {
    const journal = new Journal();
    const generator = target(40, () => campaign.cancel.abort());
    const campaign = new Campaign(orchestrator(generator, { scorers: [plainScorer()] }));
    await journal.keep(campaign.run(untouched(items), 10));
    const coverage = journal.coverage(items);
    expect(coverage).toMatchObject({ open: 0, unknown: 0, errored: 0 });
    expect(coverage.scored).toBeGreaterThan(30);
    expect(coverage.scored + coverage.cancelled).toBe(100);
    expect(generator.requests).toBe(40);
    expect(journal.all('item-settled')).toHaveLength(100);
  });

  it('takes few batches for many items, before the first as well as after a pause', async () => {
    for (const pause of [false, true]) {
      const many = plannedItems(20_000);
      const journal = new Journal();
      const generator = target(0, () => undefined);
      const campaign = new Campaign(orchestrator(generator));
      if (pause) campaign.stop.abort();
      campaign.cancel.abort();
      await journal.keep(campaign.run(untouched(many), 500));
      expect(journal.coverage(many)).toMatchObject({ planned: 20_000, cancelled: 20_000 });
      expect(journal.batches).toBeLessThanOrEqual(40);
      expect(generator.requests).toBe(0);
    }
  });

  it('keeps an answer that only waited for its judge, and says which attempt was lost before', async () => {
    const journal = new Journal();
    const judge = target(1, () => campaign.cancel.abort());
    const campaign = new Campaign(orchestrator(new FunctionGenerator(() => 'hello'), { scorers: [judgingScorer(judge)] }));
    await journal.keep(campaign.run(untouched(items.slice(0, 1))));
    expect(journal.story('item-0')).toBe('target#0 answered judge#0 lost =cancelled');

    const resumed = items.slice(0, 1).map((item) => begun(item));
    const second = new Journal();
    const cancelled = new Campaign(orchestrator(new FunctionGenerator(() => 'hello')));
    cancelled.cancel.abort();
    await second.keep(cancelled.run(resumed));
    expect(second.story('item-0')).toBe('lost =cancelled');
  });
});

describe('stopping', () => {
  it('awaits what is on the wire, and leaves the rest open', async () => {
    const journal = new Journal();
    const generator = target(40, () => campaign.stop.abort());
    const campaign = new Campaign(orchestrator(generator, { scorers: [plainScorer()] }));
    await journal.keep(campaign.run(untouched(items), 10));
    expect(generator.requests).toBe(40);
    expect(journal.coverage(items)).toMatchObject({ scored: 40, open: 60, cancelled: 0 });
    expect(items.flatMap((item) => journal.unresolved(item.id))).toEqual([]);
  });

  it('does not wait for back-offs, pauses or judges that were not asked yet', async () => {
    const limiters = new Limiters(systemClock);
    const journal = new Journal();
    const generator = new FunctionGenerator(() => {
      throw new GeneratorError('rate-limited', 'later', { retryAfterMs: 3_600_000 });
    }, 4);
    const campaign = new Campaign(orchestrator(generator), { limiters });
    setTimeout(() => campaign.stop.abort(), 30);
    await journal.keep(campaign.run(untouched(items)));
    expect(journal.coverage(items)).toMatchObject({ open: 100 });
    expect(items.flatMap((item) => journal.unresolved(item.id))).toEqual([]);

    const judged = new Journal();
    const judge = new FunctionGenerator(() => 'true');
    const stopped = new Campaign(
      orchestrator(
        target(4, () => stopped.stop.abort()),
        { scorers: [judgingScorer(judge)] },
      ),
    );
    await judged.keep(stopped.run(untouched(items)));
    const answers = judged.progress(items).filter(({ attempts }) => attempts[0]?.state === 'answered');
    expect(answers.length).toBeGreaterThan(0);
    expect(judged.coverage(items).scored).toBe(4 - answers.length);
  });
});

describe('abandoning', () => {
  it('leaves what is on the wire unresolved, and only that', async () => {
    const journal = new Journal();
    const generator = target(40, () => campaign.abandon.abort());
    const campaign = new Campaign(orchestrator(generator));
    await journal.keep(campaign.run(untouched(items), 10));
    const coverage = journal.coverage(items);
    expect(coverage.open + coverage.answered).toBe(100);
    const unresolved = items.filter((item) => journal.unresolved(item.id).length > 0);
    expect(generator.requests).toBe(40);
    expect(coverage.answered + unresolved.length).toBe(40);
    expect(unresolved.length).toBeGreaterThan(0);
  });

  it('loses no answer that had come', async () => {
    const limiters = new Limiters(systemClock);
    const judge = new FunctionGenerator(() => 'true', 1, 'judge');
    const place = await limiters.get('judge').place(ask(1), new AbortController().signal);
    await place.enter();
    const journal = new Journal();
    const campaign = new Campaign(orchestrator(new FunctionGenerator(() => 'hello'), { scorers: [judgingScorer(judge)] }), { limiters });
    setTimeout(() => campaign.abandon.abort(), 30);
    await journal.keep(campaign.run(untouched(items.slice(0, 5))));
    place.release();
    expect(journal.progress(items.slice(0, 5)).map(({ attempts }) => attempts[0]?.exchange?.response)).toEqual(Array(5).fill('hello'));
  });
});

describe('a memory that fails', () => {
  it.each([
    ['on the first batch', 0, 0],
    ['on a later one', 12, 0],
    ['after some time', 12, 5],
  ])('%s ends the execution: the wire is cut, nothing is sent afterwards, and the error is its own', async (_, batches, diskMs) => {
    const limiters = new Limiters(systemClock);
    const journal = new Journal();
    const never = new AbortController().signal;
    let onWire: number | null = null;
    let sentAfterwards = 0;
    let cut = 0;
    const generator = new FunctionGenerator(async (_, signal) => {
      if (onWire !== null) sentAfterwards += 1;
      return slowly('hello', signal, 20).catch((error: unknown) => {
        cut += 1;
        throw error;
      });
    }, 8);
    const run = new Campaign(orchestrator(generator), { limiters }).run(untouched(items));
    const keeping = journal.keep(run, async () => {
      if (journal.batches < batches) return;
      await slowly(null, never, diskMs);
      onWire = generator.onWire;
      throw new Error('The disk is full.');
    });
    await expect(keeping).rejects.toThrow('The disk is full.');
    await slowly(null, never, 30);
    expect({ sentAfterwards, cut, onWire: generator.onWire }).toEqual({ sentAfterwards: 0, cut: onWire, onWire: 0 });
    expect(batches === 0 || generator.requests > 0).toBe(true);
    expect(limiters.get('function').inFlight).toBe(0);
    expect(await run.next()).toEqual({ done: true, value: undefined });
  });

  it('is the same as one that stops asking', async () => {
    const generator = new FunctionGenerator((_, signal) => slowly('hello', signal, 20));
    const run = new Campaign(orchestrator(generator)).run(untouched(items));
    for (let batch = 0; batch < 6; batch++) await run.next();
    await run.return(undefined);
    const sent = generator.requests;
    await slowly(null, new AbortController().signal, 30);
    expect([sent > 0, generator.requests - sent, generator.onWire]).toEqual([true, 0, 0]);
  });
});

describe('a source that fails', () => {
  it('is an error of the execution, after what was begun has ended and was remembered', async () => {
    const journal = new Journal();
    async function* failing(): AsyncGenerator<readonly ItemProgress[]> {
      yield untouched(items.slice(0, 20));
      throw new Error('The store is closed.');
    }
    const generator = target(0, () => undefined, 8);
    const campaign = orchestrator(generator);
    const run = runExecution(failing(), campaign, new Campaign(campaign).options);
    await expect(journal.keep(run)).rejects.toThrow('The store is closed.');
    expect(journal.coverage(items.slice(0, 20))).toMatchObject({ answered: 20, open: 0 });
    expect(generator.onWire).toBe(0);
  });
});

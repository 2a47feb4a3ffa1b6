import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isUuid, promptId, type Item, type JsonValue } from '#core';
import { planItems, PlanHash, samplePositions, type PlanShape } from './plan.js';
import { collect, pages } from './testing/campaign.js';

async function plan(prompts: readonly string[], shape: PlanShape, pageSize = 3): Promise<Item[]> {
  return (await collect(planItems(pages(prompts, pageSize), shape))).flat();
}

const shape = fc.record({
  chains: fc.array(fc.constantFrom<JsonValue>([], ['base64'], [{ type: 'caesar', shift: 3 }]), { maxLength: 4 }),
  repeats: fc.integer({ min: 1, max: 3 }),
});
const prompts = fc.array(fc.oneof(fc.constantFrom('a', 'b', ''), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 12 });

describe('the items of a plan', () => {
  it('are every prompt × chain × repeat, each with an id of its own, in order', async () => {
    const check = async (values: string[], shape: PlanShape): Promise<void> => {
      const items = await plan(values, shape);
      expect(items).toHaveLength(values.length * shape.chains.length * shape.repeats);
      expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
      expect(items.map((item) => item.position)).toEqual([...items.keys()]);
      expect(items.every((item) => item.promptId === promptId(item.value) && isUuid(item.id))).toBe(true);
    };
    await fc.assert(fc.asyncProperty(prompts, shape, check));
  });

  it('have the same ids in any order of the prompts, of the chains and of the pages', async () => {
    const check = async (values: string[], shape: PlanShape, seed: number, pageSize: number): Promise<void> => {
      const order = <T>(list: readonly T[]): T[] =>
        fc.sample(fc.shuffledSubarray([...list], { minLength: list.length }), { seed, numRuns: 1 })[0] ?? [];
      const ids = (items: readonly Item[]): string[] => items.map((item) => item.id).sort();
      const there = await plan(values, shape);
      const back = await plan(order(values), { ...shape, chains: order(shape.chains) }, pageSize);
      expect(ids(back)).toEqual(ids(there));
    };
    await fc.assert(fc.asyncProperty(prompts, shape, fc.integer(), fc.integer({ min: 1, max: 5 }), check));
  });

  it('keep their ids when prompts are added, whether new or already there', async () => {
    const check = async (values: string[], more: string[], shape: PlanShape): Promise<void> => {
      const larger = new Set((await plan([...values, ...more], shape)).map((item) => item.id));
      for (const item of await plan(values, shape)) expect(larger).toContain(item.id);
    };
    await fc.assert(fc.asyncProperty(prompts, prompts, shape, check));
  });

  it('number equal prompts by their occurrence, and each repeat', async () => {
    const items = await plan(['a', 'b', 'a'], { chains: [[]], repeats: 2 });
    expect(items.map(({ value, occurrence, repeat }) => `${value}${occurrence}${repeat}`)).toEqual([
      'a00',
      'a01',
      'b00',
      'b01',
      'a10',
      'a11',
    ]);
  });

  it('come in pages of at most 1,000, however many one prompt brings', async () => {
    const sizes = (await collect(planItems(pages(['a', 'b', 'c'], 2), { chains: [[], ['x']], repeats: 600 }))).map((page) => page.length);
    expect(sizes).toEqual([1_000, 1_000, 400, 1_000, 200]);
  });
});

describe('the hash of a plan', () => {
  const hash = (resolved: JsonValue, items: readonly Item[]): string => {
    const hash = new PlanHash(resolved);
    for (const item of items) hash.add([item]);
    return hash.digest();
  };

  it('is the same for the same plan, however it was paged, and another one when anything differs', async () => {
    const items = await plan(['a', 'b'], { chains: [[]], repeats: 2 });
    const resolved = { model: 'm', limits: { maxInFlight: 5 }, seed: 'one' };
    const same = new PlanHash({ seed: 'one', limits: { maxInFlight: 5 }, model: 'm' });
    same.add(items);
    expect(same.digest()).toBe(hash(resolved, items));
    const others = [
      hash({ ...resolved, model: 'n' }, items),
      hash({ ...resolved, limits: { maxInFlight: 6 } }, items),
      hash({ ...resolved, seed: 'two' }, items),
      hash(resolved, items.slice(1)),
      hash(resolved, [...items].reverse()),
      hash(resolved, await plan(['a', 'c'], { chains: [[]], repeats: 2 })),
      hash(resolved, await plan(['a', 'b'], { chains: [['base64']], repeats: 2 })),
      hash(resolved, await plan(['a', 'b'], { chains: [[]], repeats: 3 })),
    ];
    expect(new Set([hash(resolved, items), ...others]).size).toBe(others.length + 1);
  });
});

describe('a sample', () => {
  it('has the size asked for, or everything, of positions that exist, and is the same for the same seed', () => {
    const check = (count: number, size: number, seed: string): void => {
      const sample = samplePositions(count, size, seed);
      expect(sample.size).toBe(Math.min(count, size));
      expect([...sample].every((position) => Number.isInteger(position) && position >= 0 && position < count)).toBe(true);
      expect(samplePositions(count, size, seed)).toEqual(sample);
    };
    fc.assert(fc.property(fc.nat(200), fc.nat(250), fc.string(), check));
    expect(samplePositions(100_000, 50, 'a')).not.toEqual(samplePositions(100_000, 50, 'b'));
  });

  it('takes every subset equally often', () => {
    const times = 20_000;
    const subsets = new Map<string, number>();
    for (let seed = 0; seed < times; seed++) {
      const subset = [...samplePositions(5, 2, String(seed))].sort((a, b) => a - b).join();
      subsets.set(subset, (subsets.get(subset) ?? 0) + 1);
    }
    expect(subsets.size).toBe(10);
    // Chi-squared with 9 degrees of freedom: 27.9 is exceeded once in a thousand; the seeds are fixed, so the outcome is too.
    const expected = times / 10;
    const chiSquared = [...subsets.values()].reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(27.9);
  });
});

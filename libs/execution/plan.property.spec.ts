import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson, type Item, type JsonValue } from '#core';
import { planItems, PlanHash, samplePositions, type PlanShape } from './plan.js';
import { collect, pages } from './testing/campaign.js';

async function plan(prompts: readonly string[], shape: PlanShape, pageSize = 3): Promise<Item[]> {
  return (await collect(planItems(pages(prompts, pageSize), shape))).flat();
}

/** Chains that differ in order, in a parameter, or only in how their members are written down. */
const CHAINS: readonly JsonValue[] = [
  [],
  ['base64'],
  ['base64', 'rot13'],
  ['rot13', 'base64'],
  [{ type: 'caesar', shift: 3 }],
  [{ shift: 3, type: 'caesar' }],
  [{ type: 'caesar', shift: 4 }],
];
/** Few, so that the same prompt comes again; two that only look alike. */
const prompt = fc.oneof(fc.constantFrom('a', 'b', ' a', '\u00e9', 'e\u0301', ''), fc.string({ unit: 'binary', maxLength: 3 }));
const prompts = fc.array(prompt, { maxLength: 10 });
const chains = fc.array(fc.constantFrom(...CHAINS), { maxLength: 4 });
const repeats = fc.integer({ min: 1, max: 3 });

/** What an item is, whatever its place: the prompt, the chain by what it does, and which repeat. */
function nature(item: Item, shape: PlanShape): string {
  return canonicalJson([item.value, shape.chains[item.chain] ?? null, item.repeat]);
}

function countBy<T>(list: readonly T[], key: (each: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of list) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1);
  return counts;
}

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...list], { minLength: list.length });

describe('a plan, whatever it is made from', () => {
  it('has as many items of each kind as its prompts and chains say, none of them with the id of another', async () => {
    const check = async (values: string[], shape: PlanShape): Promise<void> => {
      const items = await plan(values, shape);
      expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
      const expected = countBy(
        values.flatMap((value) =>
          shape.chains.flatMap((chain) => Array.from({ length: shape.repeats }, (_, repeat) => [value, chain, repeat])),
        ),
        canonicalJson,
      );
      expect(countBy(items, (item) => nature(item, shape))).toEqual(expected);
      for (const [kind, alike] of Map.groupBy(items, (item) => nature(item, shape))) {
        const occurrences = alike.map((item) => item.occurrence).sort((a, b) => a - b);
        expect([kind, occurrences]).toEqual([kind, [...occurrences.keys()]]);
      }
    };
    await fc.assert(fc.asyncProperty(prompts, fc.record({ chains, repeats }), check));
  });

  it('keeps id and nature of every item when prompts and chains change their order and the pages their size', async () => {
    const input = fc
      .tuple(prompts, chains)
      .chain(([values, list]) =>
        fc.record({ values: fc.constant(values), list: fc.constant(list), mixed: shuffled(values), other: shuffled(list) }),
      );
    await fc.assert(
      fc.asyncProperty(input, repeats, fc.integer({ min: 1, max: 5 }), async ({ values, list, mixed, other }, repeats, pageSize) => {
        const [one, two] = [
          { chains: list, repeats },
          { chains: other, repeats },
        ];
        const there = new Map((await plan(values, one)).map((item) => [item.id, nature(item, one)]));
        const back = new Map((await plan(mixed, two, pageSize)).map((item) => [item.id, nature(item, two)]));
        expect(back).toEqual(there);
      }),
    );
  });

  it('keeps id and nature of every item when more is planned: prompts, chains, repeats, new ones or the same again, in any place', async () => {
    const input = fc.tuple(prompts, chains, prompts, chains).chain(([values, list, moreValues, moreChains]) =>
      fc.record({
        values: fc.constant(values),
        list: fc.constant(list),
        largerValues: shuffled([...values, ...moreValues]),
        largerList: shuffled([...list, ...moreChains]),
      }),
    );
    await fc.assert(
      fc.asyncProperty(input, repeats, fc.nat(2), async ({ values, list, largerValues, largerList }, repeats, more) => {
        const [small, large] = [
          { chains: list, repeats },
          { chains: largerList, repeats: repeats + more },
        ];
        const found = new Map((await plan(largerValues, large)).map((item) => [item.id, nature(item, large)]));
        for (const item of await plan(values, small)) expect(found.get(item.id)).toBe(nature(item, small));
      }),
    );
  });

  it('shares no id with a plan of other prompts, nor with one of other chains', async () => {
    const apart = fc.uniqueArray(prompt, { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(apart, fc.nat(), fc.record({ chains, repeats }), async (values, cut, shape) => {
        const half = 1 + (cut % (values.length - 1));
        const other = new Set((await plan(values.slice(half), shape)).map((item) => item.id));
        for (const item of await plan(values.slice(0, half), shape)) expect(other).not.toContain(item.id);
        const elsewhere = new Set((await plan(values, { ...shape, chains: [['url']] })).map((item) => item.id));
        for (const item of await plan(values, shape)) expect(elsewhere).not.toContain(item.id);
      }),
    );
  });

  it('hashes alike however it was paged, and differently when its items come in another order', async () => {
    const digest = (items: readonly Item[], sizes: number): string => {
      const hash = new PlanHash({ seed: 's' });
      for (let start = 0; start < items.length; start += sizes) hash.add(items.slice(start, start + sizes));
      return hash.digest();
    };
    await fc.assert(
      fc.asyncProperty(prompts, fc.record({ chains, repeats }), fc.integer({ min: 1, max: 7 }), async (values, shape, sizes) => {
        const items = await plan(values, shape);
        expect(digest(items, sizes)).toBe(digest(items, 1));
        if (items.length > 1) expect(digest([...items].reverse(), sizes)).not.toBe(digest(items, sizes));
      }),
    );
  });
});

describe('a sample of a plan', () => {
  it('is a subset of the size asked for, or the whole, and another seed only chooses others', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(350), fc.string(), fc.string(), (count, size, seed, other) => {
        const all = new Set(Array.from({ length: count }, (_, position) => position));
        const samples = [samplePositions(count, size, seed), samplePositions(count, size, other)] as const;
        for (const sample of samples) {
          expect(sample.size).toBe(Math.min(count, size));
          expect([...sample].filter((position) => !all.has(position))).toEqual([]);
        }
        if (size >= count) expect(new Set(samples[0])).toEqual(all);
        expect(samplePositions(count, size, seed)).toEqual(samples[0]);
      }),
    );
  });
});

import { createHash, type Hash } from 'node:crypto';
import { canonicalJson, contentId, promptId, seededRandom, type Item, type JsonValue } from '#core';

/** What the items of a plan are made from. */
export interface PlanShape {
  /** What distinguishes each converter chain: types, parameters, versions, in order. An empty list stands for "as it is". */
  readonly chains: readonly JsonValue[];
  /** How often each prompt is sent through each chain. */
  readonly repeats: number;
}

/** Items are made in pages of this size, however many come of one page of prompts: some milliseconds of hashing at a time. */
const PAGE_ITEMS = 1_000;

/**
 * The items of a plan, in pages, prompt by prompt: every prompt × chain × repeat. An item's id is a hash of what it is, and of which of several
 * equal ones it is (the same prompt twice, or the same chain twice), never of its position: the same work has the same ids in any order.
 */
export async function* planItems(prompts: AsyncIterable<readonly string[]>, shape: PlanShape): AsyncGenerator<Item[]> {
  const chainIds = shape.chains.map((chain) => contentId(chain));
  const chainCounts = new Map<string, number>();
  // Of the chains that are equal: which one, and of how many.
  const ranks = chainIds.map((chainId) => {
    const rank = chainCounts.get(chainId) ?? 0;
    chainCounts.set(chainId, rank + 1);
    return rank;
  });
  const seen = new Map<string, number>();
  let position = 0;
  const items: Item[] = [];
  for await (const values of prompts) {
    for (const value of values) {
      const prompt = promptId(value);
      const before = seen.get(prompt) ?? 0;
      seen.set(prompt, before + 1);
      for (const [chain, chainId] of chainIds.entries()) {
        const occurrence = before * (chainCounts.get(chainId) ?? 1) + (ranks[chain] ?? 0);
        for (let repeat = 0; repeat < shape.repeats; repeat++) {
          const id = contentId({ prompt, chain: chainId, repeat, occurrence });
          items.push({ id, position: position++, promptId: prompt, value, chain, repeat, occurrence });
          if (items.length === PAGE_ITEMS) yield items.splice(0);
        }
      }
    }
    if (items.length > 0) yield items.splice(0);
  }
}

/**
 * The items of a plan to judge answers that are stored, in pages: one for each answer, whose id stands in the place of the prompt's.
 * @param answers no answer twice.
 */
export async function* planAnswers(
  answers: AsyncIterable<readonly { readonly id: string; readonly prompt: string }[]>,
): AsyncGenerator<Item[]> {
  let position = 0;
  for await (const page of answers) {
    yield page.map(({ id, prompt }) => {
      return { id: contentId({ answer: id }), position: position++, promptId: id, value: prompt, chain: 0, repeat: 0, occurrence: 0 };
    });
  }
}

/** The hash of a plan: of all it was resolved to, and of its items in order. Fed as the items are made, so that no plan is ever held whole. */
export class PlanHash {
  readonly #hash: Hash;

  constructor(resolved: JsonValue) {
    this.#hash = createHash('sha256').update(`${canonicalJson(resolved)}\n`);
  }

  add(items: readonly Item[]): void {
    for (const item of items) this.#hash.update(item.id);
  }

  /** 64 hex digits; once. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * Which of `count` positions are in a sample of `size`: each subset equally likely, the same for the same seed (Robert Floyd's algorithm;
 * Bentley and Floyd, "A Sample of Brilliance", CACM 30(9), 1987).
 */
export function samplePositions(count: number, size: number, seed: string): ReadonlySet<number> {
  const random = seededRandom(`sample/${seed}`);
  const chosen = new Set<number>();
  for (let last = Math.max(0, count - size); last < count; last++) {
    const candidate = random.integer(last + 1);
    chosen.add(chosen.has(candidate) ? last : candidate);
  }
  return chosen;
}

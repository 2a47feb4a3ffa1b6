import type { ItemProgress } from '#core';
import type { MemoryStore } from '#memory';

/** Lends the memory of the user whose execution it is. */
export type Lend = <T>(fn: (store: MemoryStore) => Promise<T>) => Promise<T>;

const PAGE = 500;

/**
 * The open items of an execution, page by page, in order.
 * @param overAnswers whether it judges answers that are stored, which then come with the items.
 */
export async function* openItems(lend: Lend, executionId: string, overAnswers: boolean): AsyncGenerator<readonly ItemProgress[]> {
  for (let after = -1; ;) {
    const page = await lend((store) => store.read((memory) => memory.items.open(executionId, after, PAGE, overAnswers)));
    yield page;
    const last = page.at(-1);
    if (!last) return;
    after = last.item.position;
  }
}

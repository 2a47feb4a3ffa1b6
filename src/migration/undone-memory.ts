import type { ImportUndone } from '#memory';
import type { UndoneMemory } from './plan-body.js';

/** How many rows that stay are named for each reason. */
const MOST_IDS = 100;

/** What was taken back of somebody's memory, and what stays, each reason once. @param person null for nobody's. */
export function undoneMemory(person: string | null, { removed, kept }: ImportUndone): UndoneMemory {
  const byReason = Map.groupBy(kept, ({ noun, reason }) => JSON.stringify([noun, reason]));
  return {
    person,
    removed,
    kept: [...byReason.values()].map((rows) => ({
      noun: rows[0]?.noun ?? '',
      reason: rows[0]?.reason ?? '',
      rows: rows.length,
      ids: rows.slice(0, MOST_IDS).map(({ id }) => id),
    })),
  };
}

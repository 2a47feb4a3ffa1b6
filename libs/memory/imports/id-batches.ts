/** The engine's own bound is 2,048. */
const MOST_IDS = 1024;

/** Ids to ask for one batch after the other: with a few at a time the engine asks its index; with more it goes through the whole table. */
export function* idBatches(ids: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < ids.length; from += MOST_IDS) yield ids.slice(from, from + MOST_IDS);
}

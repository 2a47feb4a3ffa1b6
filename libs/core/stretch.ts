/** A part of a list, in order: fewer than were asked for when they are long. */
export interface Stretch<T> {
  readonly rows: readonly T[];
  /** Whether there are more after them. */
  readonly more: boolean;
}

/** Together the rows of a stretch weigh about this much at most, unless a single one weighs more. In characters. */
const MOST_WEIGHT = 4 * 1024 * 1024;

/**
 * The first rows of what was found, at most `limit`, and at least one if there is any: as many as may be held in memory together.
 * @param found one more than `limit`, if there are so many.
 * @param weigh how many characters a row holds, or will.
 */
export function stretchOf<T>(found: readonly T[], limit: number, weigh: (row: T) => number): Stretch<T> {
  let weight = 0;
  let count = 0;
  for (const row of found.slice(0, limit)) {
    weight += weigh(row);
    if (count > 0 && weight > MOST_WEIGHT) break;
    count += 1;
  }
  return { rows: found.slice(0, count), more: count < found.length };
}

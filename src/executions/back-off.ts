import { StoreSwitched, Unavailable } from '#core';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to leave a memory alone that was not to be had so many times before. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
}

/** Whether a memory that is not to be had may be later, with nothing lost: when it is let go of, or an administrator has put it back. */
export function mayComeBack(error: unknown): error is Unavailable | StoreSwitched {
  return error instanceof Unavailable || error instanceof StoreSwitched;
}

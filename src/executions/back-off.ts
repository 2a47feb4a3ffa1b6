const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to leave a memory alone that was not to be had so many times before. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
}

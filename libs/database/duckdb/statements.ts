/**
 * Small blocks keep the files of people with little in them small (0.1 MB instead of 0.8 MB when empty). Every checkpoint writes the last group of
 * rows of a table anew, all that grew: with groups of 122,880 rows, the usual size, that took half the time of a campaign, and held up
 * commits for 300 ms at a time.
 */
export const ATTACH_OPTIONS = '(block_size 16384, row_group_size 2048)';

/** A path as a literal: `attach` and `set` take no parameters. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

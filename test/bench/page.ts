import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const BEGIN = '<!-- bench -->';
const END = '<!-- /bench -->';

/** Puts the text of a run between the markers of `docs/performance.md`. @throws when the page has no markers. */
export async function writePage(text: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md needs the lines ${BEGIN} and ${END} around the table.`);
  await writeFile(PAGE, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`);
}

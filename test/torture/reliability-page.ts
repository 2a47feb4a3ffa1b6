import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { commandOf, figuresOf, type Report } from './report.ts';

const PAGE = join(import.meta.dirname, '../../docs/reliability.md');
const BEGIN = '<!-- begin of what `npm run torture -- --write` writes -->';
const END = '<!-- end -->';

/** Replaces the figures in docs/reliability.md by those of a run. @throws Error when the page has lost its marks. */
export async function writePage(report: Report): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [head, , tail] = [page.split(BEGIN)[0], null, page.split(END)[1]];
  if (!page.includes(BEGIN) || head === undefined || tail === undefined)
    throw new Error(`docs/reliability.md has no '${BEGIN}' … '${END}'.`);
  await writeFile(PAGE, `${head}${BEGIN}\n\n${tables(report)}\n\n${END}${tail}`);
}

function tables(report: Report): string {
  const figures = figuresOf(report).map(([name, figure]) => `| ${name} | ${figure} |`);
  const checks = [...report.checks]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([invariant, count]) => `| ${invariant} | ${count.toLocaleString('en')} |`);
  const [cpu] = cpus();
  return [
    `Run on ${new Date().toISOString().slice(0, 10)} with Node ${process.version} on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}). Again:`,
    `\`${commandOf(report)}\``,
    '',
    '| what was done | |',
    '|---|---|',
    ...figures,
    '',
    '| what was checked | times |',
    '|---|---|',
    ...checks,
  ].join('\n');
}

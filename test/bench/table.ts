import type { Row } from './row.ts';

const HEAD = ['measure', 'ours', 'against', 'ratio', 'bar', 'met'];

function cells({ measure, ours, against, ratio, bar, met }: Row): string[] {
  return [measure, ours, against, ratio, bar, met === null ? '' : met ? 'yes' : 'NO'];
}

/** The rows as aligned text, for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The rows as a Markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  const line = (columns: readonly string[]): string => `| ${columns.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(HEAD), `|${'---|'.repeat(HEAD.length)}`, ...rows.map((row) => line(cells(row)))].join('\n');
}

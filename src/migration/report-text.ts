import { isAbsolute, relative } from 'node:path';
import type { MigrationReport, Whose } from './migration-report.js';
import type { ScanReport } from './scan-report.js';

/** A scan for people, in Markdown. */
export function scanText({ roots, files, findings }: ScanReport): string {
  const short = shortened(roots);
  const read = files.filter(({ sameAs }) => sameAs === null);
  return lines([
    `# What was found under ${roots.map((root) => `\`${root}\``).join(', ')}`,
    '',
    `${read.length} databases, ${megabytes(read.reduce((sum, { bytes }) => sum + bytes, 0))}; and ${files.length - read.length} of the same content as one of them.`,
    '',
    ...table(
      ['file', 'made by', 'size', 'rows', 'names in it'],
      files.map(({ path, is, releases, bytes, tables, names, sameAs }) => [
        short(path),
        sameAs === null ? [is, releases.join(', ')].filter((part) => part !== '').join(' ') : `same as ${short(sameAs)}`,
        megabytes(bytes),
        tables.map(({ table, rows }) => `${table} ${rows ?? '?'}`).join(', '),
        Object.keys(names).join(', '),
      ]),
    ),
    ...findingsText(findings),
  ]);
}

/** A plan or a run for people, in Markdown. */
export function reportText(report: MigrationReport): string {
  const { totals, runId, planId, state, planHash, seconds, discrepancies } = report;
  const short = shortened(report.roots);
  return lines([
    runId === null ? `# Plan ${planId}` : `# Run ${runId}`,
    '',
    runId === null
      ? `State: ${state}. Hash: ${planHash ?? 'none yet'}.`
      : `State: ${state}. Of the plan ${planId}, hash ${planHash ?? 'none'}.`,
    ...(seconds === null ? [] : [`Trying it out took ${seconds} s; the run will take about as long.`]),
    `Rows, each part of an execution counted as one: ${totals.read} = ${totals.added} added + ${totals.renamed} added under another name + ${totals.duplicate} duplicates + ${totals.quarantined} put aside.`,
    ...(totals.undone === 0 ? [] : [`Taken back since: ${totals.undone}.`]),
    ...(discrepancies.length === 0
      ? ['Every row is accounted for, and what was written was read again and is as it was meant.']
      : ['', '## What does not add up', '', ...discrepancies.map((each) => `- ${each}`)]),
    '',
    '## By person',
    '',
    ...table(['person', 'noun', 'read', 'added', 'renamed', 'duplicate', 'put aside'], byPerson(report)),
    '',
    '## By file',
    '',
    ...table(
      ['file', 'table', 'rows', 'read', 'unreadable', 'left out'],
      report.files.flatMap(({ path, tables }) =>
        tables.map(({ table, rows, read, unreadable, leftOut }) => [
          short(path),
          table,
          `${rows ?? '?'}`,
          `${read}`,
          `${unreadable ?? '?'}`,
          `${leftOut}`,
        ]),
      ),
    ),
    '',
    '## Whose the rows are, and why',
    '',
    ...table(
      ['file', 'table', 'person', 'rows', 'because'],
      report.files.flatMap(({ path, owners }) =>
        owners.map(({ table, user, name, rows, because }) => [
          short(path),
          table,
          name === null ? user : `${user} ('${name}')`,
          `${rows}`,
          because,
        ]),
      ),
    ),
    ...unassignedText(report, short),
    '',
    '## What was not simply added',
    '',
    ...table(
      ['person', 'noun', 'what became of it', 'reason', 'rows'],
      summed(
        report.reasons,
        ({ user, noun, decision, reason }) => [user, noun, decision, reason],
        ({ rows }) => rows,
      ),
    ),
    ...undoneText(report),
    ...findingsText(report.findings),
  ]);
}

function byPerson({ accounts }: MigrationReport): string[][] {
  const groups = Map.groupBy(accounts, ({ user, noun }) => JSON.stringify([user, noun]));
  return [...groups.values()].map((group) => {
    const sum = (name: 'read' | 'added' | 'renamed' | 'duplicate' | 'quarantined'): string =>
      String(group.reduce((total, account) => total + account[name], 0));
    return [group[0]?.user ?? '', group[0]?.noun ?? '', sum('read'), sum('added'), sum('renamed'), sum('duplicate'), sum('quarantined')];
  });
}

/** What an administrator can assign, each with the words to do it. */
function unassignedText({ files }: MigrationReport, short: (path: string) => string): string[] {
  const groups = files.flatMap(({ path, sha256, owners }) =>
    owners.filter(({ user, userId }) => userId === null && user === 'unassigned').map((owner) => ({ path, sha256, ...owner })),
  );
  if (groups.length === 0) return [];
  return [
    '',
    '## What nobody can be said to own',
    '',
    'It is kept, and opened by no token. Say whose it is, where you know it, and make another plan:',
    '',
    ...table(
      ['file', 'table', 'rows', 'command'],
      groups.map(({ path, sha256, table, name, rows }) => [
        short(path),
        table,
        `${rows}`,
        `npm run migrate -- assign --file ${sha256}${name === null ? '' : ` --name '${name}'`} --user NAME`,
      ]),
    ),
  ];
}

function undoneText({ undone }: MigrationReport): string[] {
  if (undone.length === 0) return [];
  const kept = undone.flatMap((memory) => memory.kept.map(({ noun, reason, rows }) => [memory.user, noun, reason, `${rows}`]));
  return [
    '',
    '## What was taken back',
    '',
    ...table(
      ['person', 'rows'],
      undone.map(({ user, removed }: Whose & { readonly removed: number }) => [user, `${removed}`]),
    ),
    ...(kept.length === 0 ? [] : ['', 'What stays:', '', ...table(['person', 'noun', 'because', 'rows'], kept)]),
  ];
}

function findingsText(findings: ScanReport['findings']): string[] {
  if (findings.length === 0) return [];
  return ['', '## Findings', '', ...findings.map(({ path, reason, detail }) => `- \`${path}\` (${reason}): ${detail}`)];
}

/** Rows of the same cells once, with the sum of what they count. */
function summed<T>(rows: readonly T[], cells: (row: T) => readonly string[], count: (row: T) => number): string[][] {
  return [...Map.groupBy(rows, (row) => JSON.stringify(cells(row))).values()].map((group) => [
    ...cells(group[0] as T),
    String(group.reduce((sum, row) => sum + count(row), 0)),
  ]);
}

/** Paths as they are within the root. */
function shortened([root, ...others]: readonly string[]): (path: string) => string {
  return (path) => {
    if (root === undefined || others.length > 0) return path;
    const inside = relative(root, path);
    return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside;
  };
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['Nothing.'];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

import type { Verdict } from './faults/trial.ts';
import type { JournalFigures } from './journal-figures.ts';
import type { Violation } from './violations.ts';

/** What a run of torture has done, and what came of it. */
export interface Report {
  readonly seed: string;
  readonly cycles: number;
  readonly faults: string;
  readonly seconds: number;
  /** How often the server was ended, by how. */
  readonly endings: ReadonlyMap<string, number>;
  /** What the target did on purpose, and how often. */
  readonly mischief: ReadonlyMap<string, number>;
  readonly requests: number;
  readonly acknowledged: number;
  readonly journal: JournalFigures;
  readonly verdicts: readonly Verdict[];
  /** How often each invariant was checked. */
  readonly checks: ReadonlyMap<string, number>;
  readonly violations: readonly Violation[];
}

/** How to do the same again. */
export function commandOf({ cycles, seed, faults }: Pick<Report, 'cycles' | 'seed' | 'faults'>): string {
  return `npm run torture -- --cycles ${cycles} --seed ${seed}${faults === '' ? '' : ` --faults ${faults}`}`;
}

/** The rows of the report: what, and its figure. */
export function figuresOf(report: Report): [string, string][] {
  const { journal, endings, mischief, verdicts, checks } = report;
  const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
  const { executions, items, attempts, retries, lost, unknown, cancelled, scores } = journal;
  return [
    ['cycles', number(report.cycles)],
    ['ends of the server', number(sum(endings.values()))],
    ...counted(endings),
    ['requests that reached the target', number(report.requests)],
    ['answers that went wrong on purpose', number(sum(mischief.values()))],
    ...counted(mischief),
    ['executions · items', `${number(executions)} · ${number(items)}`],
    ['requests in the journal · retries · lost in a crash', `${number(attempts)} · ${number(retries)} · ${number(lost)}`],
    ['items left unknown · cancelled · scores', `${number(unknown)} · ${number(cancelled)} · ${number(scores)}`],
    ['acknowledged rows and settled results that were held against the server', number(report.acknowledged)],
    ['checks of invariants', number(sum(checks.values()))],
    ...verdicts.map(({ name, provoked, how, refusals, types, seconds }): [string, string] => [
      `fault ${name}`,
      provoked ? `${how}; ${refusals} refusals (${types.join(', ') || 'none'}); ${seconds.toFixed(0)} s` : `NOT PROVOKED: ${how}`,
    ]),
    ['violations', number(report.violations.length)],
    ['minutes', (report.seconds / 60).toFixed(1)],
  ];
}

/** For a terminal. */
export function printed(report: Report): string {
  const rows = figuresOf(report);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, figure]) => `${name.padEnd(width)}  ${figure}`);
  const broken = report.violations.map(({ cycle, invariant, evidence }) => `  in cycle ${cycle}: NOT ${invariant}\n    ${evidence}`);
  return ['', ...lines, ...broken, '', `Again: ${commandOf(report)}`, ''].join('\n');
}

function counted(counts: ReadonlyMap<string, number>): [string, string][] {
  return [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => [`– ${name}`, number(count)]);
}

function number(value: number): string {
  return value.toLocaleString('en');
}

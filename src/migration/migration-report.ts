import type { MigrationState } from '#catalog';
import type { ImportAccount, ImportDigest, ImportReason } from '#memory';
import type { FileTally, OwnerTally, TableTally } from './file-tally.js';
import type { MemoryAccount } from './memory-account.js';
import type { Person } from './people.js';
import type { PlanBody, RunBody, UndoneMemory } from './plan-body.js';
import type { FoundReport } from './scan-report.js';

/** Whose something is: a user, or somebody whom the catalog does not know yet; `unassigned` stands for nobody. */
export interface Whose {
  readonly userId: string | null;
  /** Canonical name. */
  readonly user: string;
}

export interface FileInReport {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly is: string;
  readonly releases: readonly string[];
  readonly tables: readonly TableTally[];
  readonly owners: readonly (Omit<OwnerTally, 'person'> & Whose)[];
}

/** What a plan would do, or what a run has done: every row of every file. */
export interface MigrationReport {
  readonly planId: string;
  readonly runId: string | null;
  readonly state: MigrationState;
  readonly planHash: string | null;
  readonly totals: Omit<ImportAccount, 'file' | 'table' | 'noun' | 'waiting'>;
  readonly files: readonly FileInReport[];
  readonly roots: readonly string[];
  readonly findings: readonly FoundReport[];
  readonly accounts: readonly (ImportAccount & Whose)[];
  readonly reasons: readonly (ImportReason & Whose)[];
  readonly digests: readonly (ImportDigest & Whose)[];
  readonly undone: readonly (Omit<UndoneMemory, 'person'> & Whose)[];
  /** What does not add up; empty when every row is accounted for and what was written is there. */
  readonly discrepancies: readonly string[];
  readonly seconds: number | null;
}

const NOBODY: Whose = { userId: null, user: 'unassigned' };

export function planReport(planId: string, state: MigrationState, planHash: string | null, plan: PlanBody): MigrationReport {
  const whose = whoseIn(plan.people, {});
  return { ...reportOf(plan, plan.files, plan.memories, whose), planId, runId: null, state, planHash, undone: [], seconds: plan.seconds };
}

export function runReport(runId: string, state: MigrationState, plan: PlanBody, run: RunBody): MigrationReport {
  const whose = whoseIn(plan.people, run.userIds);
  const undone = run.undone.map(({ person, ...rest }) => ({ ...whose(person), ...rest }));
  const report = reportOf(plan, run.files ?? [], run.memories, whose);
  return { ...report, planId: run.planId, runId, state, planHash: run.planHash, undone, seconds: null };
}

function reportOf(
  { scan }: PlanBody,
  files: readonly FileTally[],
  memories: readonly MemoryAccount[],
  whose: (key: string | null) => Whose,
): Pick<MigrationReport, 'totals' | 'files' | 'roots' | 'findings' | 'accounts' | 'reasons' | 'digests' | 'discrepancies'> {
  const scanned = new Map(scan.files.map((file) => [file.sha256, file]));
  const accounts = memories.flatMap(({ person, accounts }) => accounts.map((account) => ({ ...whose(person), ...account })));
  const sum = (name: keyof MigrationReport['totals']): number => accounts.reduce((total, account) => total + account[name], 0);
  return {
    totals: {
      read: sum('read'),
      added: sum('added'),
      renamed: sum('renamed'),
      duplicate: sum('duplicate'),
      quarantined: sum('quarantined'),
      undone: sum('undone'),
    },
    files: files.map(({ path, sha256, tables, owners }) => ({
      path,
      sha256,
      bytes: scanned.get(sha256)?.bytes ?? 0,
      is: scanned.get(sha256)?.is ?? '',
      releases: scanned.get(sha256)?.releases ?? [],
      tables,
      owners: owners.map(({ person, ...rest }) => ({ ...whose(person), ...rest })),
    })),
    roots: scan.roots,
    findings: scan.findings,
    accounts,
    reasons: memories.flatMap(({ person, reasons }) => reasons.map((reason) => ({ ...whose(person), ...reason }))),
    digests: memories.flatMap(({ person, digests }) => digests.map((digest) => ({ ...whose(person), ...digest }))),
    discrepancies: discrepanciesIn(files, memories),
  };
}

function whoseIn(people: readonly Person[], userIds: Readonly<Record<string, string>>): (key: string | null) => Whose {
  const byKey = new Map(people.map((person) => [person.key, { userId: userIds[person.key] ?? person.userId, user: person.name }]));
  return (key) => (key === null ? NOBODY : (byKey.get(key) ?? { userId: null, user: key }));
}

/** The equations that must hold, where they do not. */
export function discrepanciesIn(files: readonly FileTally[], memories: readonly MemoryAccount[]): string[] {
  const found: string[] = [];
  const received = new Map<string, number>();
  for (const { accounts, digests, person } of memories) {
    for (const { file, table, noun, read, added, renamed, duplicate, quarantined, waiting } of accounts) {
      const key = `${file} ${table}`;
      received.set(key, (received.get(key) ?? 0) + read);
      if (waiting > 0 || added + renamed + duplicate + quarantined !== read)
        found.push(
          `Of ${read} rows (${noun}) of the table ${table} of ${file}, not all are decided in the memory of ${person ?? 'nobody'}.`,
        );
    }
    for (const { noun, meant, stored } of digests)
      if (meant !== stored)
        found.push(`What was added of ${noun} to the memory of ${person ?? 'nobody'} is not there as it was meant, or was changed since.`);
  }
  for (const { sha256, path, tables, delivered } of files) {
    for (const [table, rows] of Object.entries(delivered))
      if (received.get(`${sha256} ${table}`) !== rows) found.push(`Not all rows of the table ${table} of ${path} came into a memory.`);
    for (const { table, rows, read, unreadable, leftOut } of tables)
      if (rows !== null && unreadable !== null && rows !== read + unreadable + leftOut)
        found.push(`Of ${rows} rows of the table ${table} of ${path}, ${read + unreadable + leftOut} are accounted for.`);
  }
  return found;
}

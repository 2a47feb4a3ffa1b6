import type { Candidate, Finding, Recognition } from '#legacy';

/** What an operator should know of a file or a place, in a sentence that names the remedy. */
export interface FoundReport {
  readonly path: string;
  readonly reason: string;
  readonly detail: string;
}

export interface TableReport {
  readonly table: string;
  readonly content: string;
  /** Null when a damaged file does not tell. */
  readonly rows: number | null;
  /** Whether it is exactly as a release made it. */
  readonly exact: boolean;
}

/** A file that may hold somebody's work. */
export interface FileReport {
  readonly path: string;
  readonly engine: string;
  readonly role: string;
  /** Of the file with its log. */
  readonly bytes: number;
  /** Of the content, log included: equal content, equal hash. */
  readonly sha256: string;
  /** An earlier file of the same content; this one is not read then. */
  readonly sameAs: string | null;
  /** What it was made by, as far as its tables tell. */
  readonly is: string;
  readonly releases: readonly string[];
  /** An old file that a newer release opened. */
  readonly hybrid: boolean;
  readonly tables: readonly TableReport[];
  /** The names that its rows bear, and how many rows each. */
  readonly names: Readonly<Record<string, number>>;
}

export interface ScanReport {
  readonly roots: readonly string[];
  readonly files: readonly FileReport[];
  readonly findings: readonly FoundReport[];
}

export function fileReport(
  candidate: Candidate,
  recognition: Recognition | null,
  names: ReadonlyMap<string, number>,
  sameAs: string | null = null,
): FileReport {
  const { path, engine, role, size, companions, contentSha256: sha256 } = candidate;
  return {
    path,
    engine,
    role,
    bytes: companions.reduce((sum, companion) => sum + companion.size, size),
    sha256,
    sameAs,
    is: recognition?.is ?? 'not read',
    releases: recognition?.releases ?? [],
    hybrid: recognition?.hybrid ?? false,
    tables: (recognition?.tables ?? []).map(({ table, content, exact }) => ({ table: table.name, content, rows: table.rows, exact })),
    names: Object.fromEntries(names),
  };
}

export function foundReport({ path, reason, detail }: Finding): FoundReport {
  return { path, reason, detail };
}

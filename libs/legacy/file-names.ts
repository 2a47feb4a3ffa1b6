/** What the name of a file says of its maker. A hint, never a proof: files are recognised by their content. */
export interface FileNamePattern {
  readonly pattern: 'configuration' | 'bridge' | 'orchestrator' | 'orchestrator-reloaded' | 'service' | 'pyrit-default' | 'probe';
  /** The hexadecimal digits in it: of the hash of a user's name, or the first of an orchestrator's id. */
  readonly digits: string | null;
  /** When it was put aside as a backup, as its name tells (`20261121_002123`, of unknown zone). */
  readonly backedUpAt: string | null;
}

const BACKUP = /\.backup(?:\.(\d{8}_\d{6}))?$/;

/** How ViolentUTF and PyRIT named their files. */
const PATTERNS: readonly (readonly [FileNamePattern['pattern'], RegExp])[] = [
  ['configuration', /^pyrit_memory_([0-9a-f]{17,64})\.db$/],
  ['bridge', /^pyrit_memory_([0-9a-f]{8,16})\.db$/],
  ['orchestrator', /^orchestrator_memory_([0-9a-f-]{8,36})\.db$/],
  ['orchestrator-reloaded', /^orchestrator_memory\.db$/],
  ['service', /^violentutf(?:_api)?\.db$/],
  ['pyrit-default', /^(?:pyrit_duckdb_storage|pyrit)\.db$/],
  ['probe', /^test_(?:pyrit_)?memory\.db$/],
];

const DATABASE_LIKE = /\.(?:db|duckdb|ddb|sqlite|sqlite3)$/i;

/** The file name without what companions and backups append. */
function stem(name: string): string {
  return name.replace(/(?:\.wal|-wal|-journal)$/, '').replace(BACKUP, '');
}

export function isBackupName(name: string): boolean {
  return BACKUP.test(name);
}

/** Whether somebody would expect a database behind this name. */
export function isDatabaseName(name: string): boolean {
  const base = stem(name);
  return DATABASE_LIKE.test(base) || patternOf(name) !== null;
}

/** Which of the known ways of naming files this one follows, if any. */
export function patternOf(name: string): FileNamePattern | null {
  const base = stem(name);
  for (const [pattern, expression] of PATTERNS) {
    const match = expression.exec(base);
    if (match) return { pattern, digits: match[1] ?? null, backedUpAt: BACKUP.exec(name)?.[1] ?? null };
  }
  return null;
}

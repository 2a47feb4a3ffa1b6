import type { Evidence, TableAccount } from '#legacy';
import type { ImportRow } from '#memory';
import type { Attributed } from './attribution.js';

/** What became of the rows of a table: `rows = read + unreadable + leftOut`, where its file tells how many there are. */
export interface TableTally {
  readonly table: string;
  readonly rows: number | null;
  readonly read: number;
  readonly unreadable: number | null;
  /** Not taken over on purpose, and why. */
  readonly leftOut: number;
  readonly reason: string | null;
}

/** Rows of a table that are one person's, or that nobody can be said to own, and what says so. */
export interface OwnerTally {
  readonly table: string;
  /** The key of a person; null for rows that are nobody's. */
  readonly person: string | null;
  /** The shared name that such rows stand under; null when they name nobody. */
  readonly name: string | null;
  readonly rows: number;
  readonly confidence: Evidence['confidence'];
  readonly source: Evidence['source'] | 'assigned' | 'nothing';
  /** The sentence of the first such row. */
  readonly because: string;
}

export interface FileTally {
  readonly path: string;
  readonly sha256: string;
  readonly tables: readonly TableTally[];
  /** How many rows were brought to memories, by table; those that were made of parts of a row have tables of their own. */
  readonly delivered: Readonly<Record<string, number>>;
  readonly owners: readonly OwnerTally[];
}

const NOTHING = 'Nothing in the row, its file or other files says whose it is.';

/** Counts the rows of a file as they come. */
export class FileCount {
  readonly #tables: TableTally[] = [];
  readonly #delivered = new Map<string, number>();
  readonly #owners = new Map<string, { -readonly [Key in keyof OwnerTally]: OwnerTally[Key] }>();

  constructor(
    private readonly path: string,
    private readonly sha256: string,
  ) {}

  owner(table: string, { person, name, evidence }: Attributed): void {
    const [best] = evidence;
    const assigned = person !== null && name !== null;
    const source = assigned ? 'assigned' : (best?.source ?? (person === null ? 'nothing' : 'assigned'));
    const key = JSON.stringify([table, person?.key ?? null, name, source]);
    const tally = this.#owners.get(key);
    if (tally) tally.rows += 1;
    else
      this.#owners.set(key, {
        table,
        person: person?.key ?? null,
        name,
        rows: 1,
        confidence: best?.confidence ?? 'none',
        source,
        because: best?.because ?? (person === null ? NOTHING : 'An administrator has assigned it.'),
      });
  }

  delivered({ provenance: { table } }: ImportRow): void {
    this.#delivered.set(table, (this.#delivered.get(table) ?? 0) + 1);
  }

  table({ table, rows, read, unreadable, skipped, skippedReason }: TableAccount): void {
    this.#tables.push({ table, rows, read, unreadable, leftOut: skipped, reason: skippedReason });
  }

  tally(): FileTally {
    const delivered = Object.fromEntries(this.#delivered);
    return { path: this.path, sha256: this.sha256, tables: this.#tables, delivered, owners: [...this.#owners.values()] };
  }
}

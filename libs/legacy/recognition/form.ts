import type { TableShape } from '../source.js';

/** What a table holds, and so which reader reads it. */
export type TableContent =
  // of PyRIT
  | 'messages'
  | 'scores'
  | 'seeds'
  | 'embeddings'
  | 'attack-results'
  // of ViolentUTF's configuration files
  | 'generators'
  | 'datasets'
  | 'dataset-prompts'
  | 'converters'
  | 'scorers'
  | 'sessions'
  // of ViolentUTF's service
  | 'orchestrators'
  | 'executions'
  | 'api-keys'
  // carried as they are
  | 'carried';

export type Family = 'pyrit' | 'violentutf-configuration' | 'violentutf-service';

/** One shape that a table had in some versions of its program. */
export interface TableForm {
  readonly table: string;
  readonly family: Family;
  readonly content: TableContent;
  /** The versions that made it like this, oldest first. */
  readonly versions: readonly string[];
  /** Types by column; null where the type was never the same. `!` marks what may not be null. */
  readonly columns: ReadonlyMap<string, string | null>;
}

/** How a table differs from the form that it resembles most. */
export interface FormMatch {
  readonly form: TableForm;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Columns of another type, or that may be null where they might not, or the reverse. */
  readonly altered: readonly string[];
}

/** Columns as one text: `id UUID!, role VARCHAR!, labels JSON`. A name alone stands for any type. */
export function columns(text: string): ReadonlyMap<string, string | null> {
  return new Map(
    text.split(/,\s*/).map((column) => {
      const [name = '', type] = column.trim().split(' ');
      return [name, type ?? null];
    }),
  );
}

/** The form that a table resembles most: the fewest differences, of missing columns first. @param forms of this table, at least one */
export function closestForm(table: TableShape, forms: readonly TableForm[]): FormMatch {
  const matches = forms.map((form) => compare(table, form));
  const [best] = matches.sort((a, b) => distance(a) - distance(b));
  if (!best) throw new TypeError('There are no forms to compare with.');
  return best;
}

function compare(table: TableShape, form: TableForm): FormMatch {
  const found = new Map(table.columns.map(({ name, type, nullable }) => [name, `${type}${nullable ? '' : '!'}`]));
  return {
    form,
    missing: [...form.columns.keys()].filter((name) => !found.has(name)),
    extra: [...found.keys()].filter((name) => !form.columns.has(name)),
    altered: [...form.columns].filter(([name, type]) => type !== null && found.has(name) && found.get(name) !== type).map(([name]) => name),
  };
}

function distance({ missing, extra, altered }: FormMatch): number {
  return 100 * missing.length + 10 * extra.length + altered.length;
}

export function isExact({ missing, extra, altered }: FormMatch): boolean {
  return missing.length + extra.length + altered.length === 0;
}

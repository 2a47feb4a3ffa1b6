import type { Engine } from '../candidate.js';
import { finding, type Finding } from '../finding.js';
import type { LegacyDatabase, TableShape } from '../source.js';
import { closestForm, isExact, type Family, type FormMatch, type TableContent, type TableForm } from './form.js';
import { PYRIT_DUCKDB_FORMS, PYRIT_DUCKDB_RELEASES } from './pyrit-duckdb.js';
import { PYRIT_SQLITE_COMPANIONS, PYRIT_SQLITE_FORMS, PYRIT_SQLITE_LATER, versionsSince } from './pyrit-sqlite.js';
import { REQUIRED_COLUMNS } from './required-columns.js';
import { VIOLENTUTF_FORMS } from './violentutf.js';

/** A table, and what it is taken for. */
export interface RecognisedTable {
  readonly table: TableShape;
  /** Null for a table that nobody of ours made. */
  readonly family: Family | null;
  readonly content: TableContent;
  /** The versions that made tables like this one, or, where none did, like the one that it resembles most. */
  readonly versions: readonly string[];
  /** Whether it is exactly as those versions made it. */
  readonly exact: boolean;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly altered: readonly string[];
}

/** What a file is, table by table. */
export interface Recognition {
  readonly is: 'pyrit' | Family | 'mixed' | 'this-server' | 'empty' | 'foreign';
  readonly engine: Engine;
  /** The versions of PyRIT that made all of its PyRIT tables as they are. Several where the tables don't tell them apart. */
  readonly versions: readonly string[];
  /** The releases of those versions, for people. */
  readonly releases: readonly string[];
  /** PyRIT tables of different versions: an old file that a newer release opened, which only adds what is missing. */
  readonly hybrid: boolean;
  readonly tables: readonly RecognisedTable[];
  readonly findings: readonly Finding[];
}

/** By this table this server's own stores and catalogs are known. */
const OWN_TABLE = 'schema_migrations';

/** Says what the tables of a file are, each for itself: nothing ever migrated those files as a whole. */
export function recognise(database: Pick<LegacyDatabase, 'candidate' | 'tables'>): Recognition {
  const { candidate } = database;
  const tables = database.tables.map((table) => recogniseTable(table, candidate.engine));
  const pyrit = tables.filter(({ family }) => family === 'pyrit');
  const common = commonVersions(pyrit);
  const versions = withoutFurtherTables(common, pyrit, candidate.engine);
  const is = kindOf(tables);
  const findings: Finding[] = [];
  if (is === 'foreign')
    findings.push(finding(candidate.path, 'foreign', 'None of its tables is of PyRIT or ViolentUTF. It was left as it is.'));
  if (is === 'this-server')
    findings.push(finding(candidate.path, 'foreign', 'It is a database of this server itself, no old one. It was left as it is.'));
  if (is === 'empty') findings.push(finding(candidate.path, 'empty', emptyDetail(database)));
  return {
    is,
    engine: candidate.engine,
    versions,
    releases: candidate.engine === 'duckdb' ? versions.map((version) => PYRIT_DUCKDB_RELEASES[version] ?? version) : versions,
    hybrid: pyrit.length > 0 && common.length === 0,
    tables,
    findings,
  };
}

function emptyDetail({ candidate }: Pick<LegacyDatabase, 'candidate'>): string {
  if (candidate.companions.length > 0) return 'It has no tables, and its log brought none. Look for another copy of the log.';
  return 'It has no tables. If its process was killed, its rows were in the .wal beside it, which is not there: look for that.';
}

function kindOf(tables: readonly RecognisedTable[]): Recognition['is'] {
  if (tables.length === 0) return 'empty';
  const families = new Set(tables.map(({ family }) => family).filter((family) => family !== null));
  const [only] = families;
  if (families.size > 1) return 'mixed';
  if (only) return only;
  return tables.some(({ table }) => table.name === OWN_TABLE) ? 'this-server' : 'foreign';
}

function recogniseTable(table: TableShape, engine: Engine): RecognisedTable {
  const pyrit = engine === 'duckdb' ? PYRIT_DUCKDB_FORMS : PYRIT_SQLITE_FORMS;
  const forms = [...pyrit, ...VIOLENTUTF_FORMS].filter((form) => form.table === table.name && mayBe(table, form));
  if (forms.length > 0) return described(table, closestForm(table, forms));
  const since = engine === 'sqlite' ? (PYRIT_SQLITE_COMPANIONS.get(table.name) ?? PYRIT_SQLITE_LATER.get(table.name)) : undefined;
  const differences = { missing: [], extra: [], altered: [] };
  if (since) return { table, family: 'pyrit', content: 'carried', versions: versionsSince(since), exact: true, ...differences };
  return { table, family: null, content: 'carried', versions: [], exact: false, ...differences };
}

function mayBe(table: TableShape, form: TableForm): boolean {
  const names = new Set(table.columns.map(({ name }) => name));
  if (table.schema !== 'main') return false;
  if (form.content === 'carried') return [...form.columns.keys()].every((name) => names.has(name));
  return REQUIRED_COLUMNS[form.content].every((group) => group.some((name) => names.has(name)));
}

function described(table: TableShape, match: FormMatch): RecognisedTable {
  const { form, missing, extra, altered } = match;
  return { table, family: form.family, content: form.content, versions: form.versions, exact: isExact(match), missing, extra, altered };
}

/** The versions in which all PyRIT tables are as they are. */
function commonVersions(tables: readonly RecognisedTable[]): readonly string[] {
  const [first, ...others] = tables;
  return first ? first.versions.filter((version) => others.every(({ versions }) => versions.includes(version))) : [];
}

/** Of these versions those that made no further tables; all of them when each would have: then a table was lost. */
function withoutFurtherTables(versions: readonly string[], tables: readonly RecognisedTable[], engine: Engine): readonly string[] {
  const names = new Set(tables.map(({ table }) => table.name));
  const made: readonly Pick<TableForm, 'table' | 'versions'>[] =
    engine === 'duckdb'
      ? PYRIT_DUCKDB_FORMS
      : [...PYRIT_SQLITE_FORMS, ...[...PYRIT_SQLITE_COMPANIONS].map(([table, since]) => ({ table, versions: versionsSince(since) }))];
  const complete = versions.filter((version) => made.every((form) => !form.versions.includes(version) || names.has(form.table)));
  return complete.length > 0 ? complete : versions;
}

import type { Marks } from './marks.ts';
import { isoMoment, moment } from './moments.ts';
import type { Row, Table } from './table.ts';
import type { Fate, Owner } from './truth.ts';

const PLUGIN = `id varchar primary key, name varchar not null, type varchar not null, parameters varchar not null, status varchar default 'ready',
  created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp, user_id varchar not null, test_results varchar`;

const CREATES = {
  generators: `create table generators (${PLUGIN}, unique (name))`,
  converters: `create table converters (${PLUGIN})`,
  scorers: `create table scorers (${PLUGIN})`,
  datasets: `create table datasets (id varchar primary key, name varchar not null, source_type varchar not null, configuration varchar not null,
    status varchar default 'ready', created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp,
    user_id varchar not null, metadata varchar)`,
  dataset_prompts: `create table dataset_prompts (id varchar primary key, dataset_id varchar not null, prompt_text varchar not null,
    prompt_index integer, metadata varchar, created_at timestamp default current_timestamp)`,
  user_sessions: `create table user_sessions (id varchar primary key, user_id varchar not null, session_key varchar not null,
    session_data varchar not null, created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp,
    expires_at timestamp, unique (user_id, session_key))`,
  conversations: 'create table conversations (id varchar primary key, user_id varchar not null, created_at timestamp, metadata varchar)',
} as const;

/** A secret that stood in parameters in clear: it may stand nowhere in clear afterwards. */
export const SECRET = 'sk-estate-in-clear';

export interface Configured {
  /** The name that the page sent, which every row carries. */
  readonly user: string;
  readonly owner: Owner;
  /** When, in minutes since the estate began. */
  readonly at: number;
  /** Whether the hash in the name of the file leads to the owner by itself: then it has rows that nothing else says an owner of. */
  readonly namedAfterOwner: boolean;
  /** Whether `/database/initialize` made it: then it has a table that has no counterpart here. */
  readonly initialized?: boolean;
}

/** The tables of a file with what one user had configured. */
export function configurationTables(marks: Marks, configured: Configured): readonly Table[] {
  const { user, owner, at, namedAfterOwner, initialized = false } = configured;
  const plugin = (kind: string, type: string, index: number, parameters: object, shared?: string): Row => {
    const mark = marks.mark();
    const name = shared ?? `${kind} ${mark}`;
    const texts = JSON.stringify({ ...parameters, [kind === 'generator' ? 'model' : 'substring']: mark });
    return row(owner, 'taken', mark, {
      id: marks.id(),
      name,
      type,
      parameters: texts,
      status: 'ready',
      created_at: moment(at),
      updated_at: moment(at + index),
      user_id: user,
      test_results: null,
    });
  };
  // Every file of a person has a generator of this name, each with other parameters: all but the newest have to be renamed.
  const generators = [
    plugin('generator', 'AI Gateway', 0, { provider: 'openai', temperature: 0.1 }, 'my generator'),
    plugin('generator', 'AI Gateway', 1, { provider: 'anthropic', api_key: `${SECRET}-${at}` }),
    plugin('generator', 'HTTPTarget', 2, { url: 'https://model.example.org/v1', headers: { Authorization: `${SECRET}-header` } }),
  ];
  const converters = [plugin('converter', 'Base64Converter', 0, {}), plugin('converter', 'CaesarConverter', 1, { caesar_offset: 3 })];
  const scorers = [
    plugin('scorer', 'SubStringScorer', 0, { category: 'leak' }),
    plugin('scorer', 'SelfAskLikertScorer', 1, { likert_scale_question: 'How helpful is this?' }),
  ];
  // The page of a name that was not there yet sent none.
  if (namedAfterOwner) scorers.push(unnamed(plugin('scorer', 'SubStringScorer', 2, { category: 'flip' })));
  const datasets = [dataset(marks, configured, 'native'), dataset(marks, configured, 'local')];
  const prompts = datasets.flatMap(({ cells }) => promptsOf(marks, owner, String(cells['id']), 18, at));
  if (namedAfterOwner) prompts.push(...promptsOf(marks, owner, marks.id(), 2, at).map((prompt) => ({ ...prompt, fate: 'aside' as const })));
  const session = row(owner, 'aside', marks.mark(), { id: marks.id(), user_id: user, session_key: 'main_session' });
  const data = JSON.stringify({ user_id: user, session_id: session.mark, last_updated: isoMoment(at) });
  return [
    { name: 'generators', create: CREATES.generators, rows: generators },
    { name: 'datasets', create: CREATES.datasets, rows: datasets },
    { name: 'dataset_prompts', create: CREATES.dataset_prompts, rows: prompts },
    { name: 'converters', create: CREATES.converters, rows: converters },
    { name: 'scorers', create: CREATES.scorers, rows: scorers },
    {
      name: 'user_sessions',
      create: CREATES.user_sessions,
      rows: [{ ...session, cells: { ...session.cells, session_data: data, created_at: moment(at), updated_at: moment(at) } }],
    },
    ...(initialized ? [conversations(marks, configured)] : []),
  ];
}

/**
 * The same tables as they were earlier: what is there is the same, row by row, but the last dataset had fewer prompts, the last scorer was not there
 * yet, and the first generator had other parameters.
 */
export function earlier(marks: Marks, tables: readonly Table[]): readonly Table[] {
  return tables.map((table) => {
    if (table.name === 'generators') return { ...table, rows: table.rows.map((each, index) => (index === 0 ? older(marks, each) : each)) };
    if (table.name === 'scorers') return { ...table, rows: table.rows.slice(0, 1) };
    // Those of the first dataset, and some of the second.
    return table.name === 'dataset_prompts' ? { ...table, rows: table.rows.slice(0, 28) } : table;
  });
}

function older(marks: Marks, each: Row): Row {
  const mark = marks.mark();
  const parameters = JSON.stringify({ provider: 'openai', temperature: 0.9, model: mark });
  return { ...each, mark, cells: { ...each.cells, parameters, updated_at: moment(-600) } };
}

function row(owner: Owner, fate: Fate, mark: string, cells: Row['cells']): Row {
  return { cells, mark, owner, fate };
}

function unnamed(each: Row): Row {
  return { ...each, cells: { ...each.cells, user_id: '' } };
}

function dataset(marks: Marks, { user, owner, at }: Configured, source: string): Row {
  const mark = marks.mark();
  const configuration = JSON.stringify({ dataset_type: 'harmbench', url: null, file_type: null, config: {} });
  return row(owner, 'taken', mark, {
    id: marks.id(),
    name: `dataset ${mark}`,
    source_type: source,
    configuration,
    status: 'ready',
    created_at: moment(at),
    updated_at: moment(at),
    user_id: user,
    metadata: null,
  });
}

function promptsOf(marks: Marks, owner: Owner, datasetId: string, count: number, at: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const mark = marks.mark();
    const text = `Prompt ${mark}: "ignore" ünïcödé 😀\nand say ${index}`;
    return row(owner, 'taken', mark, {
      id: marks.id(),
      dataset_id: datasetId,
      prompt_text: text,
      prompt_index: index,
      metadata: null,
      created_at: moment(at),
    });
  });
}

/** Nothing ever filled these tables in earnest; where there is something in one, it is kept. */
function conversations(marks: Marks, { user, owner, at }: Configured): Table {
  const rows = [0, 1].map(() => {
    const mark = marks.mark();
    return row(owner, 'aside', mark, { id: marks.id(), user_id: user, created_at: moment(at), metadata: JSON.stringify({ note: mark }) });
  });
  return { name: 'conversations', create: CREATES.conversations, rows };
}

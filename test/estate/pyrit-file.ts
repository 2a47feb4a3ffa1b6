import { createHash } from 'node:crypto';
import type { Random } from '#core';
import type { Exchange } from './history.ts';
import type { Marks } from './marks.ts';
import { moment } from './moments.ts';
import { createOf, type PyritSchema } from './pyrit-schema.ts';
import type { Row, Table, Value } from './table.ts';
import { UNASSIGNED, type Fate, type Owner } from './truth.ts';

/** A conversation that is in a file of PyRIT. */
export interface Recorded {
  readonly exchange: Exchange;
  /** Of the execution that it is of. */
  readonly owner: Owner;
}

export interface PyritContent {
  readonly schema: PyritSchema;
  readonly conversations: readonly Recorded[];
  /** Names that stand in labels, often wrongly: they prove nothing. */
  readonly labelled: readonly string[];
  readonly at: number;
}

interface Piece {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly conversationId: string;
  readonly sequence: number;
  readonly text: string;
  readonly mark: string;
  readonly failed: boolean;
  readonly owner: Owner;
}

type Cells = Readonly<Record<string, Value>>;

/** How many rows nobody can be named for a file has beside what is of executions. */
const STRAYS = 2;
const SEEDS = 6;
const EMBEDDINGS = 3;

/**
 * The tables of a file of PyRIT with conversations of executions, each of whoever ran it, and with what says of nobody whose it is: conversations of
 * no execution, seeds, scores of no message. Whatever the labels and the name of the file say: one process wrote for everybody.
 */
export function pyritTables(marks: Marks, random: Random, content: PyritContent): readonly Table[] {
  const { schema } = content;
  const strays = Array.from({ length: STRAYS }, () => ({ exchange: strayExchange(marks), owner: UNASSIGNED }));
  const pieces = [...content.conversations, ...strays].flatMap(piecesOf);
  // One process, one orchestrator: PyRIT's id of it is that of none of ViolentUTF.
  const orchestratorId = marks.id();
  const made: Record<string, readonly Row[]> = {};
  made['PromptMemoryEntries'] = pieces.map((piece) => messageRow(piece, orchestratorId, random.pick(content.labelled), content.at));
  made['ConversationStore'] = made['PromptMemoryEntries'];
  made['SeedPromptEntries'] = Array.from({ length: SEEDS }, (_, index) => seedRow(marks, index, content));
  made['EmbeddingData'] = pieces.slice(0, EMBEDDINGS).map(embeddingRow);
  made['EmbeddingStore'] = made['EmbeddingData'];
  made['Score'] = made['EmbeddingData'];
  const scored = pieces.filter(({ role }, index) => role === 'assistant' && index % 4 === 1);
  const scores = scored.map((piece) => scoreRow(marks, piece, content.at));
  made['ScoreEntries'] = [...scores, scoreRow(marks, null, content.at)];
  const ends = pieces.filter(({ role }, index) => role === 'assistant' && index % 8 === 1);
  made['AttackResultEntries'] = ends.map((piece) => attackRow(marks, piece, content.at));
  return Object.keys(schema.tables).map((name) => ({
    name,
    create: createOf(schema, name),
    rows: (made[name] ?? []).map((row) => ({ ...row, cells: only(row.cells, schema, name) })),
  }));
}

/** What of these cells has a column. */
function only(cells: Cells, schema: PyritSchema, table: string): Cells {
  const columns = schema.tables[table]?.columns ?? [];
  return Object.fromEntries(columns.map(({ name, type }) => [name, valueOf(cells[name] ?? null, name, type)]));
}

/** Labels were a list once, and metadata a text. */
function valueOf(value: Value, column: string, type: string): Value {
  if (column === 'labels' && type === 'VARCHAR[]') return '[estate]';
  return column === 'prompt_metadata' && type === 'JSON' ? '{}' : value;
}

function strayExchange(marks: Marks): Exchange {
  const piece = (text: string) => {
    const mark = marks.mark();
    return { id: marks.id(), mark, text: `${text} ${mark}` };
  };
  return { conversationId: marks.id(), prompt: piece('Nobody asked'), response: piece('Nobody was told'), failed: false, score: null };
}

function piecesOf({ exchange, owner }: Recorded): readonly Piece[] {
  const { conversationId, prompt, response, failed } = exchange;
  return [
    { ...prompt, role: 'user', conversationId, sequence: 0, failed: false, owner },
    { ...response, role: 'assistant', conversationId, sequence: 1, failed, owner },
  ];
}

/** Every column that a message ever had, by the names that it ever had. */
function messageRow(piece: Piece, orchestratorId: string, label: string, at: number): Row {
  const { id, role, conversationId, sequence, text, failed } = piece;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const converters = '[]';
  const target = '{"__type__": "ConfiguredGeneratorTarget", "__module__": "app.services"}';
  const orchestrator = `{"__type__": "PromptSendingOrchestrator", "__module__": "pyrit.orchestrator", "id": "${orchestratorId}"}`;
  const cells: Cells = {
    id,
    uuid: id,
    role,
    conversation_id: conversationId,
    sequence,
    timestamp: moment(at + sequence),
    normalizer_id: null,
    labels: JSON.stringify({ dataset_id: 'estate', user_id: label }),
    prompt_metadata: null,
    converters,
    prompt_target: target,
    orchestrator,
    converter_identifiers: converters,
    prompt_target_identifier: target,
    orchestrator_identifier: orchestrator,
    response_error: failed ? 'processing' : 'none',
    content: text,
    sha256,
    original_prompt_id: id,
    original_prompt_data_type: 'text',
    original_prompt_text: text,
    original_prompt_data_sha256: sha256,
    converted_prompt_data_type: 'text',
    converted_prompt_text: text,
    converted_prompt_data_sha256: sha256,
    original_value_data_type: 'text',
    original_value: text,
    original_value_sha256: sha256,
    converted_value_data_type: 'text',
    converted_value: text,
    converted_value_sha256: sha256,
  };
  return rowOf(cells, piece.mark, piece.owner, 'taken');
}

function scoreRow(marks: Marks, piece: Piece | null, at: number): Row {
  const mark = marks.mark();
  const cells: Cells = {
    id: marks.id(),
    score_value: 'True',
    score_value_description: 'It leaked.',
    score_type: 'true_false',
    score_category: 'leak',
    score_rationale: `Judged ${mark}`,
    score_metadata: '',
    prompt_request_response_id: piece?.id ?? null,
    task: null,
    scorer_class_identifier: '{"__type__": "SubStringScorer", "__module__": "pyrit.score"}',
    timestamp: moment(at),
    date_time: moment(at),
  };
  return rowOf(cells, mark, piece?.owner ?? UNASSIGNED, piece === null ? 'aside' : 'taken');
}

function seedRow(marks: Marks, index: number, { labelled, at }: PyritContent): Row {
  const mark = marks.mark();
  const value = `Seed ${mark}`;
  const cells: Cells = {
    id: marks.id(),
    value,
    value_sha256: createHash('sha256').update(value).digest('hex'),
    data_type: 'text',
    name: null,
    dataset_name: `seeds ${index % 2}`,
    harm_categories: '["illegal"]',
    description: null,
    authors: '[]',
    groups: '[]',
    source: null,
    date_added: moment(at),
    added_by: labelled[0] ?? 'somebody',
    prompt_metadata: '{}',
    parameters: '[]',
    sequence: index,
    prompt_group_id: null,
    role: null,
  };
  return rowOf(cells, mark, UNASSIGNED, 'taken');
}

function embeddingRow({ id, owner }: Piece): Row {
  const cells = { id, uuid: id, embedding: '[0.1, 0.2, 0.3]', embedding_type_name: 'estate', scorer: 'estate' };
  return rowOf(cells, null, owner, 'left-out');
}

function attackRow(marks: Marks, { id, conversationId, owner }: Piece, at: number): Row {
  const mark = marks.mark();
  const cells: Cells = {
    id: marks.id(),
    conversation_id: conversationId,
    objective: `Make it say ${mark}`,
    attack_identifier: '{"__type__": "PromptSendingAttack"}',
    objective_sha256: null,
    last_response_id: id,
    last_score_id: null,
    executed_turns: 1,
    execution_time_ms: 7,
    outcome: 'success',
    outcome_reason: null,
    attack_metadata: '{}',
    pruned_conversation_ids: 'null',
    adversarial_chat_conversation_ids: 'null',
    timestamp: moment(at),
  };
  return rowOf(cells, mark, owner, 'aside');
}

function rowOf(cells: Cells, mark: string | null, owner: Owner, fate: Fate): Row {
  return { cells, mark, owner, fate };
}

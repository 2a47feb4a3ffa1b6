import { createHash } from 'node:crypto';
import type { Execution, History, Orchestrator } from './history.ts';
import type { Marks } from './marks.ts';
import { moment } from './moments.ts';
import { canonical, type Person } from './people.ts';
import { resultsOf, summaryOf } from './results.ts';
import type { Row, Table } from './table.ts';

const CREATES = {
  api_keys: `create table api_keys (id varchar not null, user_id varchar not null, name varchar not null, key_hash varchar not null, permissions json,
    created_at datetime default current_timestamp, expires_at datetime, last_used_at datetime, is_active boolean, primary key (id), unique (key_hash))`,
  orchestrator_configurations: `create table orchestrator_configurations (id uuid not null, name varchar(255) not null,
    orchestrator_type varchar(255) not null, description text, parameters json not null, tags json, status varchar(50), created_by varchar(255),
    created_at datetime, updated_at datetime, pyrit_identifier json, instance_active boolean, primary key (id), unique (name))`,
  orchestrator_executions: `create table orchestrator_executions (id uuid not null, orchestrator_id uuid not null, execution_name varchar(255),
    execution_type varchar(50), input_data json, status varchar(50), results json, execution_summary json, started_at datetime,
    completed_at datetime, created_by varchar(255), pyrit_memory_session varchar(255), conversation_ids json, primary key (id))`,
} as const;

export interface ServiceContent {
  readonly history: History;
  /** Whose keys are in it. */
  readonly people: readonly Person[];
  /** How ids were stored: with dashes or without. */
  readonly dashes: boolean;
}

/** The tables of the SQLite database that all users of ViolentUTF shared. */
export function serviceTables(marks: Marks, { history, people, dashes }: ServiceContent): readonly Table[] {
  const stored = (id: string): string => (dashes ? id : id.replaceAll('-', ''));
  const before = new Map<Orchestrator, Execution[]>();
  const executions = history.executions.map((execution) => {
    const earlier = before.get(execution.orchestrator) ?? [];
    before.set(execution.orchestrator, [...earlier, execution]);
    return executionRow(execution, earlier, stored);
  });
  return [
    { name: 'api_keys', create: CREATES.api_keys, rows: people.map((person) => apiKey(marks, person)) },
    {
      name: 'orchestrator_configurations',
      create: CREATES.orchestrator_configurations,
      rows: history.orchestrators.map((orchestrator) => orchestratorRow(orchestrator, stored)),
    },
    { name: 'orchestrator_executions', create: CREATES.orchestrator_executions, rows: executions },
  ];
}

function apiKey(marks: Marks, { userName }: Person): Row {
  const mark = marks.mark();
  const cells = { id: marks.id(), user_id: userName, name: `key ${mark}`, key_hash: createHash('sha256').update(mark).digest('hex') };
  return { cells: { ...cells, permissions: '["api:access"]', is_active: 0 }, mark, owner: canonical(userName), fate: 'aside' };
}

function orchestratorRow({ id, mark, createdBy, owner, at }: Orchestrator, stored: (id: string) => string): Row {
  const parameters = {
    objective_target: { type: 'configured_generator', generator_name: 'my generator' },
    scorers: [],
    batch_size: 3,
    user_context: mark,
  };
  return {
    cells: {
      id: stored(id),
      name: `batch ${mark}`,
      orchestrator_type: 'PromptSendingOrchestrator',
      description: `for ${mark}`,
      parameters: JSON.stringify(parameters),
      tags: '["estate"]',
      status: 'configured',
      created_by: createdBy,
      created_at: moment(at),
      updated_at: moment(at),
      pyrit_identifier: null,
      instance_active: 1,
    },
    mark,
    owner,
    fate: 'taken',
  };
}

function executionRow(execution: Execution, before: readonly Execution[], stored: (id: string) => string): Row {
  const { id, mark, orchestrator, type, status, startedBy, owner, at, exchanges } = execution;
  const sent = exchanges.map(({ prompt }) => prompt.text);
  const input = type === 'dataset' ? { dataset_id: orchestrator.id, sample_size: sent.length } : { prompt_list: sent };
  return {
    cells: {
      id: stored(id),
      orchestrator_id: stored(orchestrator.id),
      execution_name: `run ${mark}`,
      execution_type: type,
      input_data: JSON.stringify(input),
      status,
      results: JSON.stringify(resultsOf(execution, before)),
      execution_summary: JSON.stringify(summaryOf(execution)),
      started_at: moment(at),
      completed_at: moment(at + 1),
      created_by: startedBy,
      pyrit_memory_session: null,
      conversation_ids: null,
    },
    mark,
    owner,
    // One that never came to anything has nothing to be taken in.
    fate: exchanges.length > 0 ? 'taken' : 'aside',
  };
}

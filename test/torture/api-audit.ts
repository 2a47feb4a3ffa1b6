import { ITEM_STATES } from '#core';
import type { ConfigurationDto } from '../../src/configurations/configuration.dto.js';
import type { DatasetDto } from '../../src/datasets/dataset.dto.js';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { Noun } from '../server/client.ts';
import type { Campaigner } from './campaigner.ts';
import type { KnownExecution } from './ledger.ts';
import type { Violations } from './violations.ts';

const NOUNS: readonly Noun[] = ['generators', 'converters', 'scorers', 'orchestrators'];
export const FINAL_STATES: readonly string[] = ['completed', 'cancelled', 'failed'];

/** Compares what a running server says to one person with what that person was promised. @returns false when the server was gone before the end. */
export async function auditByApi(campaigner: Campaigner, violations: Violations): Promise<boolean> {
  const { ledger } = campaigner;
  for (const noun of NOUNS) {
    const listed = await campaigner.list<ConfigurationDto>(`/api/v2/${noun}`);
    if (!listed) return false;
    ledger.compareConfigurations(noun, listed);
  }
  const datasets = await campaigner.list<DatasetDto>('/api/v2/datasets');
  if (!datasets) return false;
  ledger.compareDatasets(datasets);
  const executions = await campaigner.list<ExecutionDto>('/api/v2/executions');
  if (!executions) return false;
  compareExecutions(campaigner, executions, violations);
  for (const execution of executions) {
    const known = ledger.executions.get(execution.id);
    if (known && !known.readWhole && !(await compareResults(campaigner, known, execution, violations))) return false;
  }
  return compareLocation(campaigner, violations);
}

function compareExecutions({ ledger }: Campaigner, listed: readonly ExecutionDto[], violations: Violations): void {
  const present = new Map(listed.map((execution) => [execution.id, execution]));
  for (const known of ledger.executions.values()) {
    const found = present.get(known.id);
    const { planned, planHash, policy } = known;
    const same = found?.planHash === planHash && found.coverage.planned === planned && found.onUnknownOutcome === policy;
    violations.check('an acknowledged execution is there', same, () => ({ known, found }));
  }
  for (const execution of listed) {
    // One that was not acknowledged may be there; then it must run to its end like every other.
    ledger.launched(execution);
    const { coverage, state } = execution;
    const sum = ITEM_STATES.reduce((total, each) => total + coverage[each], 0);
    violations.check('planned is the sum of all states', coverage.planned === sum, () => execution);
    if (!FINAL_STATES.includes(state)) continue;
    violations.check('an execution that has ended has no open item', coverage.open === 0, () => execution);
    violations.check('no execution fails', state !== 'failed', () => execution);
    const known = ledger.executions.get(execution.id);
    if (!known) continue;
    const ended = JSON.stringify(execution, (member, value: unknown) => (member === 'progress' ? null : value));
    known.ended ??= ended;
    violations.check('an execution that has ended stays as it is', known.ended === ended, () => ({ known, ended }));
  }
}

async function compareResults(
  campaigner: Campaigner,
  known: KnownExecution,
  { state, coverage }: ExecutionDto,
  violations: Violations,
): Promise<boolean> {
  const before = [...(campaigner.ledger.results.get(known.id)?.keys() ?? [])];
  const results = await campaigner.readResults(known.id);
  if (!results) return false;
  const present = new Set(results.map((result) => result.id));
  const whole = present.size === known.planned && results.length === known.planned && before.every((id) => present.has(id));
  violations.check('every planned item is listed once, and none vanishes', whole, () => ({ known, listed: results.length }));
  if (!FINAL_STATES.includes(state)) return true;
  const counted = ITEM_STATES.every((each) => results.filter((result) => result.state === each).length === coverage[each]);
  violations.check('the coverage is that of the items', counted, () => ({ known, coverage }));
  known.readWhole = true;
  return true;
}

/** Asked last: by now everybody has a memory. */
async function compareLocation(campaigner: Campaigner, violations: Violations): Promise<boolean> {
  const answer = await campaigner.ask('GET', '/api/v2/me');
  if (answer?.status !== 200) return false;
  const { store } = answer.json as { store: { location: string; fault: string | null } | null };
  const { ledger } = campaigner;
  ledger.location ??= store?.location ?? null;
  const same = store !== null && store.location === ledger.location && store.fault === null;
  violations.check('a memory stays where it is', same, () => ({ user: campaigner.name, location: ledger.location, store }));
  return true;
}

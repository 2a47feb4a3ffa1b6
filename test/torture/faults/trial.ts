import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { memoryFiles } from '../memory-files.ts';
import type { Violations } from '../violations.ts';
import { NotPossible, type Fault, type Standing } from './fault.ts';
import { Stage } from './stage.ts';

/** What came of a fault. */
export interface Verdict {
  readonly name: string;
  readonly sentence: string;
  /** How it was provoked; or, where it could not be, why. */
  readonly how: string;
  readonly provoked: boolean;
  readonly refusals: number;
  /** The types of the problems that the victim was told. */
  readonly types: readonly string[];
  readonly seconds: number;
}

const TYPES = ['/problems/unavailable', '/problems/store-switched'];
const LISTS = ['generators', 'converters', 'scorers', 'orchestrators', 'datasets', 'executions'];

/** Provokes a fault for one person while another goes on, takes it away, and looks for what is lost. */
export async function tryFault(fault: Fault, seed: string, violations: Violations): Promise<Verdict> {
  const began = performance.now();
  const { name, sentence } = fault;
  await using stage = await Stage.start(seed, violations);
  await stage.prepare(fault.running);
  const verdict = (how: string, provoked: boolean): Verdict => {
    const { refusals } = stage.victim;
    const types = [...new Set(refusals.map(({ type }) => type))];
    return { name, sentence, how, provoked, refusals: refusals.length, types, seconds: (performance.now() - began) / 1_000 };
  };
  try {
    await using standing = await fault.provoke(stage);
    await endure(stage, standing);
    await standing.mend();
    stage.victim.tolerant = false;
    await stage.ended(stage.victim);
    await stage.audit(stage.victim, stage.neighbour);
    await stage.inspect();
    return verdict(standing.how, true);
  } catch (error) {
    if (error instanceof NotPossible) return verdict(error.message, false);
    throw error;
  }
}

/** What holds while the fault stands. */
async function endure(stage: Stage, standing: Standing): Promise<void> {
  const { victim, neighbour, violations, server } = stage;
  const files = await memoryFiles(server.memoryDir);
  const before = await fingerprints(standing.untouched);
  victim.tolerant = true;
  await askAll(stage, standing);
  await stage.audit(neighbour);
  await stage.ended(neighbour);
  await stage.audit(neighbour);
  await askAll(stage, standing);
  for (const problem of victim.refusals) {
    const clear = TYPES.includes(problem.type) && standing.says.test(problem.detail);
    violations.check('a refusal is of a stable type and says why', clear, () => problem);
  }
  const after = await fingerprints(standing.untouched);
  violations.check('what can not be read is left as it is', after === before, () => ({ before, after }));
  const made = (await memoryFiles(server.memoryDir)).filter((file) => !files.includes(file));
  violations.check('no memory is made anew', made.length === 0, () => made);
}

/** All that a person may ask for: each is answered rightly, or refused. */
async function askAll({ victim, violations }: Stage, standing: Standing): Promise<void> {
  const refused = async (what: string, answered: boolean, before: number): Promise<void> => {
    const refusals = victim.refusals.length - before;
    const evidence = () => ({ what, answered, refusals });
    if (standing.refuses === 'everything') violations.check('a memory that can not be had is refused', refusals > 0 && !answered, evidence);
    else violations.check('every request is answered or refused', answered === (refusals === 0), evidence);
  };
  for (const list of LISTS) {
    const before = victim.refusals.length;
    const items = await victim.list<{ readonly id: string }>(`/api/v2/${list}`);
    await refused(list, items !== null, before);
    if (items) violations.check('no memory is shown with something missing', holds(victim.ledger, list, items), () => ({ list, items }));
  }
  for (const { id, ended } of victim.ledger.executions.values()) {
    const before = victim.refusals.length;
    if (ended !== null) await refused('results', (await victim.readResults(id)) !== null, before);
  }
  const me = await victim.ask('GET', '/api/v2/me');
  const fault = (me?.json as { store?: { fault?: string | null } } | null)?.store?.fault ?? null;
  const told = standing.refuses !== 'everything' || (fault !== null && standing.says.test(fault));
  violations.check('a person is told what is wrong', me?.status === 200 && told, () => ({ status: me?.status, text: me?.text }));
  if (standing.refuses === 'something') return;
  const before = victim.refusals.length;
  if (standing.writes) await standing.writes();
  else await victim.perform({ kind: 'configure' });
  violations.check('a write that can not be kept is refused', victim.refusals.length > before, () => ({
    refusals: victim.refusals.length,
  }));
}

/** Whether a list has everything that was acknowledged. */
function holds(ledger: Stage['victim']['ledger'], list: string, items: readonly { readonly id: string }[]): boolean {
  const present = new Set(items.map(({ id }) => id));
  const keys = [...ledger.configurations.keys()].filter((key) => key.startsWith(`${list}/`)).map((key) => key.slice(list.length + 1));
  const ids = list === 'datasets' ? [...ledger.datasets.keys()] : list === 'executions' ? [...ledger.executions.keys()] : keys;
  return ids.every((id) => present.has(id));
}

async function fingerprints(paths: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(path).catch(() => null);
      return `${path} ${bytes === null ? 'is not there' : createHash('sha256').update(bytes).digest('hex')}`;
    }),
  );
  return lines.join('\n');
}

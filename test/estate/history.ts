import type { Random } from '#core';
import type { Marks } from './marks.ts';
import { canonical, SHARED, type Person } from './people.ts';
import { UNASSIGNED, type Owner } from './truth.ts';

/** A text that was sent or came back: one of PyRIT's pieces. */
export interface Piece {
  readonly id: string;
  readonly mark: string;
  readonly text: string;
}

export interface Exchange {
  readonly conversationId: string;
  readonly prompt: Piece;
  readonly response: Piece;
  /** ViolentUTF stored the text of an error as an answer, and scored it. */
  readonly failed: boolean;
  /** Of the rationale of its score; null where nothing scored. */
  readonly score: string | null;
}

export interface Execution {
  readonly id: string;
  /** In its name. */
  readonly mark: string;
  readonly orchestrator: Orchestrator;
  readonly type: 'dataset' | 'prompt_list' | 'manual';
  readonly status: 'completed' | 'failed' | 'running';
  /** As it was written; null where nothing was. */
  readonly startedBy: string | null;
  readonly owner: Owner;
  /** In minutes since the estate began. */
  readonly at: number;
  readonly exchanges: readonly Exchange[];
}

export interface Orchestrator {
  readonly id: string;
  readonly mark: string;
  readonly createdBy: string;
  readonly owner: Owner;
  readonly scored: boolean;
  readonly at: number;
}

/** What people did, before any of it was written anywhere. */
export interface History {
  readonly orchestrators: readonly Orchestrator[];
  /** In the order in which they ran. */
  readonly executions: readonly Execution[];
}

interface Starter {
  readonly name: string | null;
  readonly owner: Owner;
}

const ORCHESTRATORS_EACH = 3;
const EXECUTIONS_EACH = 4;
const EXCHANGES_EACH = 4;
/** Two orchestrators are of nobody in particular. */
const SHARED_ORCHESTRATORS = SHARED.slice(0, 2);

/** What people did with orchestrators of their own, of each other, and of nobody in particular. */
export function historyOf(people: readonly Person[], marks: Marks, random: Random): History {
  const starter = (person: Person): Starter => ({ name: random.pick(person.names), owner: canonical(person.userName) });
  const makers: readonly Starter[] = [
    ...people.flatMap((person) => Array.from({ length: ORCHESTRATORS_EACH }, () => starter(person))),
    ...SHARED_ORCHESTRATORS.map((name) => ({ name, owner: UNASSIGNED })),
  ];
  const orchestrators = makers.map(({ name, owner }, index): Orchestrator => {
    return { id: marks.id(), mark: marks.mark(), createdBy: name ?? '', owner, scored: index % 4 !== 3, at: index };
  });
  const executions = orchestrators.flatMap((orchestrator, index) => {
    const maker = { name: orchestrator.createdBy, owner: orchestrator.owner };
    // The third is somebody else's: whoever knew an orchestrator could run it, and one that knew no name left none.
    const other = index % 10 === 9 ? { name: null, owner: UNASSIGNED } : starter(random.pick(people));
    return Array.from({ length: EXECUTIONS_EACH }, (_, number) => {
      const { name, owner } = number === 2 ? other : maker;
      const { type, status } = kindOf(index, number);
      const length = status === 'completed' ? EXCHANGES_EACH : 0;
      const exchanges = Array.from({ length }, (_, position) => exchange(marks, orchestrator.scored, (index + position) % 7 === 6));
      return { id: marks.id(), mark: marks.mark(), orchestrator, type, status, startedBy: name, owner, at: index * 10 + number, exchanges };
    });
  });
  return { orchestrators, executions };
}

/** First a dataset, then lists: so that what the list is reported with is that of the dataset. Of some the list came first. */
function kindOf(index: number, number: number): Pick<Execution, 'type' | 'status'> {
  if (index % 6 === 5 && number === 3) return { type: 'manual', status: 'failed' };
  if (index % 8 === 7 && number === 3) return { type: 'dataset', status: 'running' };
  return { type: number % 2 === (index % 3 === 2 ? 1 : 0) ? 'dataset' : 'prompt_list', status: 'completed' };
}

function exchange(marks: Marks, scored: boolean, failed: boolean): Exchange {
  const prompt = marks.mark();
  const response = marks.mark();
  return {
    conversationId: marks.id(),
    prompt: { id: marks.id(), mark: prompt, text: `Tell me ${prompt} — "please"` },
    response: { id: marks.id(), mark: response, text: failed ? `API Error: 429 - ${response}` : `I was told ${response}.` },
    failed,
    score: scored ? marks.mark() : null,
  };
}

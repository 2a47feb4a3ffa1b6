import { contentId, isUuid } from '#core';
import type { LegacyRowOf } from '#legacy';
import type { ImportRow, ImportRowOf, ImportValues } from '#memory';
import { attemptValues, exchangedIn, itemValue, messageValues, outcomeOf } from './exchange.js';
import { scoreValue } from './execution-score.js';
import { executionValue } from './execution-value.js';
import { momentOf, type RowContext } from './row-context.js';

type Part = 'item' | 'attempt' | 'outcome' | 'message' | 'score';

/** How many parts of a kind one execution may have: their numbers follow on that of its row. */
const MOST_PARTS = 2 ** 20;

/**
 * An execution of ViolentUTF with everything that its results hold: items, attempts, what was said, and the scores, each on the answer that it is of.
 * Its row comes first; the rows of its parts are in tables that are named after its own.
 */
export function* executionRows(row: LegacyRowOf<'execution'>, context: RowContext): Generator<ImportRow> {
  const { value: execution, provenance } = row;
  const id = isUuid(execution.id) ? execution.id : contentId({ execution: execution.id });
  const runId = contentId({ scoringRun: id });
  const exchanged = exchangedIn(id, execution);
  const part = <Noun extends Part>(noun: Noun, position: number, value: ImportValues[Noun]): ImportRowOf<Noun> => {
    const place = { ...provenance, table: `${provenance.table} (${noun}s)`, row: provenance.row * MOST_PARTS + position };
    return { noun, provenance: place, value, original: context.part(provenance, place) };
  };
  const scored = new Set(execution.scores.filter(({ synthetic }) => !synthetic).map(({ conversationId }) => conversationId));
  const ended = momentOf(execution.completedAt ?? execution.startedAt);
  const value = { ...executionValue(id, runId, execution), planned: exchanged.length };
  yield { noun: 'execution', provenance, value, original: context.original(row) };
  for (const [position, each] of exchanged.entries()) {
    const { exchange, itemId } = each;
    const [intended, answered] = attemptValues(id, each, momentOf(execution.startedAt));
    yield part('item', position, itemValue(id, position, each));
    yield part('attempt', 2 * position, intended);
    yield part('attempt', 2 * position + 1, answered);
    yield part('outcome', position, { executionId: id, itemId, scoringRunId: runId, ...outcomeOf(exchange, scored), settledAt: ended });
    for (const [index, message] of messageValues(id, each, row).entries()) yield part('message', 2 * position + index, message);
  }
  const itemOf = new Map(exchanged.map(({ conversationId, itemId }) => [conversationId, itemId]));
  for (const score of execution.scores) {
    const itemId = itemOf.get(score.conversationId ?? '');
    const own = itemId === undefined ? {} : { executionId: id, itemId, scoringRunId: runId };
    yield part('score', score.position, { ...scoreValue(score), ...own, scoredAt: ended });
  }
}

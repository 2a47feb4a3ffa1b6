import type { ExecutionEvent, ItemProgress, ItemSettled, SettledState } from '#core';
import { isCutOff, type AttemptPorts } from './attempt.js';
import { converse, NothingToSend } from './dialogue.js';
import type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
import { reasonOf } from './reason.js';
import { judge } from './scoring.js';

/** Takes one open item to its end, or leaves it as it stands when the execution is told to end. @throws only when nobody remembers any more. */
export async function runItem(
  progress: ItemProgress,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
  ports: AttemptPorts,
): Promise<void> {
  /** Events that are true already, and are remembered with the next ones that are posted. */
  const carried = lostAttempts(progress, options);
  const post = (...events: ExecutionEvent[]): Promise<void> => ports.post([...carried.splice(0), ...events]);
  const settle = (state: SettledState, reason: string | null = null): Promise<void> => post(settled(progress, state, reason, options));
  try {
    if (progress.inFlight !== null && !progress.answered && options.onUnknownOutcome === 'mark') {
      await settle('unknown', 'It was in flight when the server stopped; the answer, if there was one, is lost.');
      return;
    }
    const answer = progress.answered ?? (await converse(progress, compiled, options.seed, ports, carried));
    if (answer.blocked) {
      await settle('blocked', "The model's content filter answered.");
    } else if (compiled.scorers.length === 0) {
      await settle('answered');
    } else {
      const verdict = await judge(progress, answer, compiled.scorers, options.scoringRunId, ports, carried);
      if (verdict.kind === 'scored') await post(...verdict.events, settled(progress, 'scored', null, options));
      else await settle('answered', verdict.reason);
    }
  } catch (error) {
    if (ports.isCancelled()) await settle('cancelled');
    else if (isCutOff(error, ports)) await post();
    else if (error instanceof NothingToSend) await settle('skipped', error.message);
    else await settle('errored', reasonOf(error, 'A converter or the strategy'));
  }
}

/** The events that cancel an item of which nothing is running. */
export function cancelledItem(progress: ItemProgress, options: EngineOptions): ExecutionEvent[] {
  return [...lostAttempts(progress, options), settled(progress, 'cancelled', null, options)];
}

function lostAttempts({ item, unresolved }: ItemProgress, { clock }: EngineOptions): ExecutionEvent[] {
  return unresolved.map((attemptId) => ({ kind: 'attempt-lost', attemptId, itemId: item.id, at: clock.now() }));
}

function settled(progress: ItemProgress, state: SettledState, reason: string | null, options: EngineOptions): ItemSettled {
  return { kind: 'item-settled', itemId: progress.item.id, scoringRunId: options.scoringRunId, state, reason, at: options.clock.now() };
}

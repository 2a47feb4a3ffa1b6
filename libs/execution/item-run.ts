import {
  NothingToSend,
  type AttackEnded,
  type ExecutionEvent,
  type ItemProgress,
  type ItemSettled,
  type SettledState,
  type StrategyResult,
} from '#core';
import { isCutOff, type AttemptPorts } from './attempt.js';
import { Dialogue } from './dialogue.js';
import type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
import { Past } from './past.js';
import { reasonOf } from './reason.js';
import { judge } from './scoring.js';

/** Takes one open item to its end, or leaves it as it stands when the execution is told to end. @throws only when nobody remembers any more. */
export async function runItem(
  progress: ItemProgress,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
  ports: AttemptPorts,
): Promise<void> {
  const { item } = progress;
  const past = new Past(progress);
  /** Events that are true already, and are remembered with the next ones that are posted. */
  const carried = lostAttempts(item.id, past, options);
  const post = (...events: ExecutionEvent[]): Promise<void> => ports.post([...carried.splice(0), ...events]);
  const settle = (state: SettledState, reason: string | null = null, ...events: ExecutionEvent[]): Promise<void> =>
    post(...events, settled(item.id, state, reason, options));
  let dialogue: Dialogue | null = null;
  try {
    if (options.onUnknownOutcome === 'mark' && past.targetInFlight) {
      await settle('unknown', 'It was in flight when the server stopped; the answer, if there was one, is lost.');
      return;
    }
    dialogue = new Dialogue(progress, past, compiled, options, ports, carried);
    const end = await compiled.strategy(item.value, dialogue.ports);
    const answer = dialogue.at('target', end);
    if (!answer) throw new NothingToSend();
    const attack = end.outcome === null ? [] : [attackEnded(item.id, dialogue, { ...end, outcome: end.outcome }, options)];
    if (answer.blocked) {
      await settle('blocked', "The model's content filter answered.", ...attack);
      return;
    }
    const judged = dialogue.isJudged(answer.responseId);
    if (compiled.scorers.length === 0 && !judged) {
      await settle('answered', null, ...attack);
      return;
    }
    const { scoringRunId } = options;
    const known = ({ id }: { readonly id: string | null }): boolean => dialogue?.scored(answer.responseId, id) != null;
    const verdict = await judge(item, answer, compiled.scorers, scoringRunId, { past, ports, carried }, known);
    if (verdict.kind === 'scored') await settle('scored', null, ...verdict.events, ...attack);
    else await settle('answered', verdict.reason, ...attack);
  } catch (error) {
    if (ports.isCancelled()) await settle('cancelled');
    else if (isCutOff(error, ports)) await post();
    else if (error instanceof NothingToSend) await settle('skipped', error.message);
    else {
      const reason = reasonOf(error, 'A converter or the strategy');
      await settle('errored', reason, ...(dialogue && compiled.judges.size > 0 ? [attackFailed(item.id, dialogue, reason, options)] : []));
    }
  }
}

/** The events that cancel an item of which nothing is running. */
export function cancelledItem(progress: ItemProgress, options: EngineOptions): ExecutionEvent[] {
  const { id } = progress.item;
  return [...lostAttempts(id, new Past(progress), options), settled(id, 'cancelled', null, options)];
}

function lostAttempts(itemId: string, { unresolved }: Past, { clock }: EngineOptions): ExecutionEvent[] {
  return unresolved.map((attemptId) => ({ kind: 'attempt-lost', attemptId, itemId, at: clock.now() }));
}

function settled(itemId: string, state: SettledState, reason: string | null, options: EngineOptions): ItemSettled {
  return { kind: 'item-settled', itemId, scoringRunId: options.scoringRunId, state, reason, at: options.clock.now() };
}

function attackFailed(itemId: string, dialogue: Dialogue, reason: string, options: EngineOptions): AttackEnded {
  const last = dialogue.answers.findLast(({ purpose }) => purpose === 'target');
  const turns = dialogue.answers.filter(({ purpose }) => purpose === 'target').length;
  const place = { branch: last?.branch ?? 0, turn: last?.turn ?? 0 };
  return attackEnded(itemId, dialogue, { ...place, outcome: 'error', reason, turns }, options);
}

function attackEnded(
  itemId: string,
  dialogue: Dialogue,
  end: Omit<StrategyResult, 'outcome'> & Pick<AttackEnded, 'outcome'>,
  { scoringRunId, clock }: EngineOptions,
): AttackEnded {
  const answer = dialogue.at('target', end);
  const { latencyMs, inputTokens, outputTokens } = dialogue.totals;
  const pruned = (end.pruned ?? []).map((branch) => dialogue.conversation('target', branch));
  const attackers = dialogue.answers.filter(({ purpose }) => purpose === 'attacker').map(({ conversationId }) => conversationId);
  return {
    kind: 'attack-ended',
    itemId,
    scoringRunId,
    at: clock.now(),
    outcome: end.outcome,
    reason: end.reason ?? null,
    turns: end.turns,
    backtracks: end.backtracks ?? 0,
    conversationId: answer?.conversationId ?? null,
    responseId: answer?.responseId ?? null,
    prunedConversationIds: pruned.filter((id) => id !== null),
    attackerConversationIds: [...new Set(attackers)],
    latencyMs,
    inputTokens,
    outputTokens,
  };
}

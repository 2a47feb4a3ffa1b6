import type { ExecutionEvent, ItemProgress } from '#core';
import type { AttemptPorts } from './attempt.js';
import { Crew } from './crew.js';
import { cancelledItem, runItem } from './item-run.js';
import type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
import { Outbox } from './outbox.js';

/** Items that are open at the same time, as a multiple of the slots: some wait for a back-off or a judge while others use the wire. */
const OPEN_ITEMS_PER_SLOT = 3;

/**
 * Runs the open items of an execution and yields what happens, in batches. Asking for the next batch says that the last one is durable: an intent
 * is durable before its request is sent because the request waits for that. The engine remembers nothing and knows nothing of a store.
 *
 * Whoever ends the iteration early gives up: what is on the wire is cut off, and nothing is sent any more.
 * @throws what `source` throws, after what was on the wire has ended and was yielded.
 */
export async function* runExecution(
  source: AsyncIterable<readonly ItemProgress[]>,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
): AsyncGenerator<ExecutionEvent[]> {
  const outbox = new Outbox();
  const abort = AbortSignal.any([options.abandon, options.cancel, outbox.closed]);
  const ports: AttemptPorts = {
    clock: options.clock,
    limiters: options.limiters,
    user: options.user,
    retry: options.retry,
    report: options.onAttempt ?? (() => undefined),
    post: (events) => outbox.post(events),
    isCancelled: () => options.cancel.aborted && !options.abandon.aborted,
    spending: options.spending,
    halt: AbortSignal.any([options.stop, options.spending.reached, abort]),
    abort,
  };
  const finished = runAll(source, compiled, options, ports);
  try {
    yield* outbox.batches(finished);
  } finally {
    await finished.catch(() => undefined);
  }
}

async function runAll(
  source: AsyncIterable<readonly ItemProgress[]>,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
  ports: AttemptPorts,
): Promise<void> {
  const crew = new Crew(Math.max(8, slotsOf(compiled) * OPEN_ITEMS_PER_SLOT));
  const ending = (): boolean => ports.halt.aborted || crew.failed;
  try {
    for await (const page of source) {
      let begun = 0;
      for (const progress of page) {
        if (ending()) break;
        begun += 1;
        await crew.start(() => runItem(progress, compiled, options, ports));
      }
      if (!ending()) continue;
      if (!options.cancel.aborted || options.abandon.aborted) break;
      await ports.post(page.slice(begun).flatMap((progress) => cancelledItem(progress, options)));
    }
  } finally {
    await crew.finish();
  }
}

/** How many requests may be on the wire at once: to the target, or where there is none, to one of the judges. */
function slotsOf({ target, scorers }: CompiledOrchestrator): number {
  if (target) return target.limits.maxInFlight;
  return Math.max(0, ...scorers.map(({ judge }) => judge?.limits.maxInFlight ?? 0));
}

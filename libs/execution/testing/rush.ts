import { ManualClock } from '#core/testing';
import { attempt, type AttemptPorts } from '../attempt.js';
import { Limiters } from '../limiters.js';
import type { LimitState } from '../place.js';
import { DEFAULT_RETRIES } from '../retry-policy.js';
import { unlimited } from './campaign.js';
import type { Endpoint } from './endpoint.js';

export interface RushResult {
  readonly answered: number;
  readonly errored: number;
  /** How long it took on the clock. */
  readonly seconds: number;
  /** Requests that were sent for each answer. */
  readonly ratio: number;
  /** How the endpoint was doing, ten times a second. */
  readonly states: readonly LimitState[];
}

/** Sends so many prompts to an endpoint, as an execution does that has three open items for each slot, on a clock that moves as fast as it can. */
export async function rush(prompts: number, open: (clock: ManualClock) => Endpoint, longestSeconds = 300): Promise<RushResult> {
  const clock = new ManualClock();
  const endpoint = open(clock);
  const { signal } = new AbortController();
  const limiters = new Limiters(clock);
  const ports: AttemptPorts = {
    clock,
    limiters,
    user: 'user',
    retry: DEFAULT_RETRIES,
    spending: unlimited(),
    isCancelled: () => false,
    post: async () => undefined,
    report: () => undefined,
    halt: signal,
    abort: signal,
  };
  let [begun, answered, errored] = [0, 0, 0];
  const work = async (): Promise<void> => {
    while (begun < prompts) {
      const itemId = `item ${begun++}`;
      const messages = [{ role: 'user', content: itemId }] as const;
      const spec = { itemId, purpose: 'target', turn: 0, branch: 0, earlier: 0, messages, carried: [] } as const;
      await attempt(endpoint, { ...spec, carried: [] }, ports).then(
        () => (answered += 1),
        () => (errored += 1),
      );
    }
  };
  for (let worker = 0; worker < 3 * endpoint.limits.maxInFlight; worker++) void work();
  const states: LimitState[] = [];
  const isOver = (): boolean => answered + errored === prompts;
  while (!isOver() && clock.now() < longestSeconds * 1_000) {
    await clock.advance(100);
    states.push(limiters.state(endpoint.limitKey, 'user'));
  }
  return { answered, errored, seconds: clock.now() / 1_000, ratio: endpoint.requests / answered, states };
}

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ITEM_STATES, uuidv7, type Coverage, type ExecutionEvent, type ItemState, type SettledState } from '#core';
import { answered, exchangeOf, failed, intended, lost, scored, settled } from './events.js';
import { planned, type OpenMemory, type Planned } from './harness.js';

const SETTLED = ITEM_STATES.filter((state): state is SettledState => state !== 'open');
const RUNS = 3;

const step = fc.record({
  item: fc.nat(11),
  run: fc.nat(RUNS - 1),
  what: fc.constantFrom('attempt-intended', 'attempt-answered', 'attempt-failed', 'attempt-lost', 'item-scored', ...SETTLED),
  /** Whether the batch ends here, and whether it is waited for. */
  next: fc.constantFrom('more', 'more', 'flush', 'wait'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What an execution is made of, beside its store. */
class Model {
  readonly #runs = Array.from({ length: RUNS }, () => uuidv7());
  /** By item, the state by scoring run. */
  readonly #outcomes = new Map<string, Map<number, SettledState>>();

  constructor(readonly plan: Planned) {}

  /** The events of a step; none for what can't happen, as an item is settled once in a scoring run. */
  eventsOf({ item: position, run, what }: Step): ExecutionEvent[] {
    const item = this.plan.at(position);
    const runId = this.#runs[run] ?? '';
    const attempt = intended(item);
    switch (what) {
      case 'attempt-intended':
        return [attempt];
      case 'attempt-answered':
        return [attempt, answered(attempt, exchangeOf(item))];
      case 'attempt-failed':
        return [attempt, failed(attempt)];
      case 'attempt-lost':
        return [attempt, lost(attempt)];
      case 'item-scored':
        return [scored(answered(attempt, exchangeOf(item)), runId, 'true')];
      default: {
        const outcomes = this.#outcomes.get(item.id) ?? new Map<number, SettledState>();
        if (outcomes.has(run)) return [];
        this.#outcomes.set(item.id, outcomes.set(run, what));
        return [settled(item.id, what, runId)];
      }
    }
  }

  stateOf(itemId: string): ItemState {
    const outcomes = [...(this.#outcomes.get(itemId) ?? [])].sort(([a], [b]) => a - b);
    return outcomes.at(-1)?.[1] ?? 'open';
  }

  get coverage(): Coverage {
    const counts = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>;
    for (const item of this.plan.items) counts[this.stateOf(item.id)] += 1;
    return { planned: this.plan.items.length, ...counts };
  }
}

export function coverageRules(open: OpenMemory): void {
  describe('its coverage', () => {
    it('is what a model says, and sums up to what was planned, whatever happens in whatever batches', async () => {
      const store = await open();
      const reached = new Set<ItemState>();
      const check = async (model: Model): Promise<void> => {
        const { executionId, items: planItems } = model.plan;
        await store.read(async ({ items }) => {
          const coverage = await items.coverage(executionId);
          expect(coverage).toEqual(model.coverage);
          expect(ITEM_STATES.reduce((sum, state) => sum + coverage[state], 0)).toBe(coverage.planned);
          const expected = planItems.map((item) => model.stateOf(item.id));
          expect((await items.list(executionId, -1, 100)).map((item) => item.state)).toEqual(expected);
          const positions = planItems.filter((item) => model.stateOf(item.id) === 'open').map((item) => item.position);
          expect((await items.open(executionId, -1, 100)).map((progress) => progress.item.position)).toEqual(positions);
          const chains = await items.byChain(executionId);
          for (const state of ITEM_STATES) {
            expect(chains.reduce((sum, chain) => sum + chain.states[state], 0)).toBe(coverage[state]);
            expect(await items.list(executionId, -1, 100, state)).toHaveLength(coverage[state]);
            if (coverage[state] > 0) reached.add(state);
          }
        });
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
          const model = new Model(await planned(store, 12));
          let batch: ExecutionEvent[] = [];
          const appends: Promise<void>[] = [];
          for (const step of steps) {
            batch.push(...model.eventsOf(step));
            if (step.next === 'more') continue;
            appends.push(store.append(batch, model.plan.context));
            batch = [];
            if (step.next === 'wait') await Promise.all(appends.splice(0));
          }
          await Promise.all([...appends, store.append(batch, model.plan.context)]);
          await check(model);
        }),
        { numRuns: 40 },
      );
      expect([...reached].sort()).toEqual([...ITEM_STATES].sort());
    });
  });
}

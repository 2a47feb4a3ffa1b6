import { describe, expect, it } from '@jest/globals';
import { ITEM_STATES, uuidv7, type ItemState } from '#core';
import { answered, exchangeOf, failed, intended, lost, scored, settled, type Answered } from './events.js';
import { executionRow, itemRows, planned, planOf, type OpenMemory, type Planned } from './harness.js';

const SETTLED = ITEM_STATES.filter((state) => state !== 'open');

export function itemRules(open: OpenMemory): void {
  describe('its items', () => {
    it('are open when they are planned, and come back in the order of the plan, however they were written', async () => {
      const store = await open();
      const { id } = executionRow();
      const items = planOf(6);
      const hostile = { ...items[5], value: `'; drop table items; -- "\\ \ufeff☃🔑\n` } as (typeof items)[number];
      const plan = [...items.slice(0, 5), hostile];
      await store.appendRows({ items: itemRows(id, plan.toReversed()) });
      await store.appendRows({ items: [] });
      await store.appendRows({});
      const listed = plan.map((item) => ({ ...item, state: 'open', reason: null }));
      await store.read(async ({ items }) => {
        expect(await items.list(id, -1, 100)).toEqual(listed);
        expect(await items.list(id, -1, 100, 'open')).toEqual(listed);
        expect(await items.list(id, 1, 2)).toEqual(listed.slice(2, 4));
        expect(await items.list(id, 5, 2)).toEqual([]);
        expect(await items.list(id, -1, 100, 'scored')).toEqual([]);
        expect(await items.coverage(id)).toMatchObject({ planned: 6, open: 6 });
      });
    });

    it('are in the state that they were settled in, with the reason', async () => {
      const store = await open();
      const { executionId, at, context } = await planned(store, 9);
      await store.append(
        SETTLED.map((state, position) => settled(at(position).id, state, uuidv7(), state === 'errored' ? `it's "so"` : null)),
        context,
      );
      await store.read(async ({ items }) => {
        expect((await items.list(executionId, -1, 100)).map(({ state, reason }) => [state, reason])).toEqual([
          ...SETTLED.map((state) => [state, state === 'errored' ? `it's "so"` : null]),
          ['open', null],
          ['open', null],
        ]);
        for (const [position, state] of SETTLED.entries()) {
          expect((await items.list(executionId, -1, 100, state)).map((item) => item.position)).toEqual([position]);
          expect(await items.list(executionId, position, 100, state)).toEqual([]);
        }
        const once = Object.fromEntries(SETTLED.map((state) => [state, 1]));
        expect(await items.coverage(executionId)).toEqual({ planned: 9, ...once, open: 2 });
      });
    });

    it('are in the state of their latest scoring run, reason and all, also if an earlier run ends later', async () => {
      const store = await open();
      const { executionId, at, context } = await planned(store, 2);
      const runs = [uuidv7(), uuidv7(), uuidv7()] as const;
      await store.append([settled(at(0).id, 'scored', runs[1])], context);
      await store.append([settled(at(0).id, 'answered', runs[0], 'the judge failed')], context);
      await store.append([settled(at(1).id, 'answered', runs[0], 'the judge failed')], context);
      const states = () =>
        store.read(async ({ items }) => (await items.list(executionId, -1, 9)).map(({ state, reason }) => [state, reason]));
      expect(await states()).toEqual([
        ['scored', null],
        ['answered', 'the judge failed'],
      ]);
      // A later run without a reason does not keep the earlier one's.
      await store.append([settled(at(1).id, 'scored', runs[2])], context);
      expect(await states()).toEqual([
        ['scored', null],
        ['scored', null],
      ]);
      expect(await store.read(({ items }) => items.coverage(executionId))).toMatchObject({ planned: 2, open: 0, scored: 2, answered: 0 });
    });

    it('of one execution know nothing of another with the same plan', async () => {
      const store = await open();
      const [one, two] = [await planned(store, 4), await planned(store, 4)];
      await store.append([intended(one.at(0)), settled(one.at(1).id, 'skipped', uuidv7())], one.context);
      await store.read(async ({ items }) => {
        expect(await items.coverage(two.executionId)).toMatchObject({ planned: 4, open: 4, skipped: 0 });
        expect((await items.list(two.executionId, -1, 9)).every((item) => item.state === 'open')).toBe(true);
        expect(await items.list(two.executionId, -1, 9, 'skipped')).toEqual([]);
        expect((await items.open(two.executionId, -1, 9)).map((progress) => progress.attempts)).toEqual([[], [], [], []]);
        expect(await items.attempts(two.executionId, [one.at(0).id])).toEqual([]);
        const coverages = await items.coverages([one.executionId, two.executionId, uuidv7()]);
        expect([...coverages.keys()].sort()).toEqual([one.executionId, two.executionId].sort());
        expect(coverages.get(one.executionId)).toMatchObject({ planned: 4, open: 3, skipped: 1 });
        expect(coverages.get(two.executionId)).toEqual(await items.coverage(two.executionId));
      });
    });

    it('of an execution that is not there are none', async () => {
      const store = await open();
      await planned(store, 2);
      await store.read(async ({ items }) => {
        const none = Object.fromEntries(ITEM_STATES.map((state) => [state, 0]));
        expect(await items.coverage(uuidv7())).toEqual({ planned: 0, ...none });
        expect(await items.coverages([])).toEqual(new Map());
        expect(await items.list(uuidv7(), -1, 9)).toEqual([]);
        expect(await items.open(uuidv7(), -1, 9)).toEqual([]);
        expect(await items.byChain(uuidv7())).toEqual([]);
        expect(await items.byScorer(uuidv7())).toEqual([]);
      });
    });

    it('keep their whole journal, each intent before what came of it', async () => {
      const store = await open();
      const { executionId, at, context } = await planned(store, 2);
      const first = intended(at(0), { retry: 0, turn: 1, branch: 2 });
      const second = intended(at(0), { retry: 1 });
      const judge = intended(at(0), { purpose: 'judge' });
      const gone = intended(at(1));
      const answer = answered(second, exchangeOf(at(0)), { blocked: true, finishReason: null, usage: null });
      // Written out of order: the journal is in order all the same.
      await store.append([answer, failed(first), lost(gone)], context);
      await store.append([first, second, { ...answered(judge, exchangeOf(at(0))), exchange: null }, gone, judge], context);
      const rows = await store.read(({ items }) => items.attempts(executionId, [at(0).id, at(1).id]));
      expect(rows.map((row) => [row.attempt_id, row.phase])).toEqual([
        [first.attemptId, 'intended'],
        [first.attemptId, 'failed'],
        [second.attemptId, 'intended'],
        [second.attemptId, 'answered'],
        [judge.attemptId, 'intended'],
        [judge.attemptId, 'answered'],
        [gone.attemptId, 'intended'],
        [gone.attemptId, 'lost'],
      ]);
      const common = { execution_id: executionId, item_id: at(0).id };
      expect(rows[0]).toMatchObject({ ...common, purpose: 'target', turn: 1, branch: 2, retry: 0, latency_ms: null, blocked: null });
      expect(rows[1]).toMatchObject({ ...common, latency_ms: 30, fault: 'timeout', detail: 'no answer in 30 s', purpose: null });
      const { requestId, responseId } = answer.exchange;
      const unmeasured = { finish_reason: null, input_tokens: null, output_tokens: null };
      expect(rows[3]).toMatchObject({
        ...common,
        ...unmeasured,
        blocked: true,
        latency_ms: 13,
        request_id: requestId,
        response_id: responseId,
      });
      const measured = { finish_reason: 'stop', input_tokens: 7, output_tokens: 9, blocked: false };
      expect(rows[5]).toMatchObject({ ...common, ...measured, request_id: null, response_id: null });
      expect(await store.read(({ items }) => items.attempts(executionId, [at(1).id]))).toHaveLength(2);
      expect(await store.read(({ items }) => items.attempts(executionId, []))).toEqual([]);
      expect(await store.read(({ items }) => items.attempts(executionId, [uuidv7()]))).toEqual([]);
    });

    it('are counted by converter chain', async () => {
      const store = await open();
      const { executionId, at, context } = await planned(store, 5);
      await store.append([settled(at(0).id, 'scored', uuidv7()), settled(at(3).id, 'errored', uuidv7())], context);
      const none = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>;
      expect(await store.read(({ items }) => items.byChain(executionId))).toEqual([
        { chain: 0, states: { ...none, open: 2, scored: 1 } },
        { chain: 1, states: { ...none, open: 1, errored: 1 } },
      ]);
    });
  });

  describe('what its scorers said', () => {
    const scale = { id: '01890000-0000-7000-8000-00000000005d', name: 'likert', type: 'likert', version: '1' };
    const float = (value: string) => ({ type: 'float_scale' as const, value, category: null, rationale: '', metadata: null });

    async function answeredAll({ items, context }: Planned, store: Awaited<ReturnType<OpenMemory>>): Promise<Answered[]> {
      const answers = items.map((item) => answered(intended(item), exchangeOf(item)));
      await store.append(answers, context);
      return answers;
    }

    it('is counted by chain and scorer, true ones and the mean of scales', async () => {
      const store = await open();
      const plan = await planned(store, 4);
      const run = uuidv7();
      const answers = await answeredAll(plan, store);
      await store.append(
        answers.flatMap((answer, n) => [
          scored(answer, run, n === 2 ? 'false' : 'true'),
          scored(answer, run, '', { scorer: scale, score: float(String(n / 4)) }),
          settled(answer.itemId, 'scored', run),
        ]),
        plan.context,
      );
      const said = await store.read(({ items }) => items.byScorer(plan.executionId));
      const likert = { scorerId: scale.id, scorerName: 'likert', scorerType: 'likert', scores: 2, positive: null };
      const refusal = { scorerName: 'refusal', scorerType: 'refusal-phrases', scores: 2, mean: null };
      expect(said).toMatchObject([
        { ...likert, chain: 0, mean: 0.25 },
        { ...likert, chain: 1, mean: 0.5 },
        { ...refusal, chain: 0, positive: 1 },
        { ...refusal, chain: 1, positive: 2 },
      ]);
    });

    it('is what they said in the run that settled the item last; earlier scores stay, uncounted', async () => {
      const store = await open();
      const plan = await planned(store, 2);
      const [first, second] = [uuidv7(), uuidv7()];
      const answers = await answeredAll(plan, store);
      const scoreAll = (run: string, value: string) =>
        answers.flatMap((answer) => [scored(answer, run, value), settled(answer.itemId, 'scored', run)]);
      await store.append(scoreAll(first, 'true'), plan.context);
      // The second run is not at its end for the second item: there the first still counts.
      await store.append(scoreAll(second, 'false').slice(0, 3), plan.context);
      expect(await store.read(({ items }) => items.byScorer(plan.executionId))).toMatchObject([
        { chain: 0, scores: 1, positive: 0 },
        { chain: 1, scores: 1, positive: 1 },
      ]);
      const all = await store.read(({ scores }) =>
        scores.ofItems(
          plan.executionId,
          plan.items.map((item) => item.id),
        ),
      );
      expect(all.map((score) => [score.scoring_run_id, score.value])).toEqual([
        [first, 'true'],
        [first, 'true'],
        [second, 'false'],
        [second, 'false'],
      ]);
    });
  });
}

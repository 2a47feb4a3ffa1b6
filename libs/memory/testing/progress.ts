import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import { answered, exchangeOf, failed, intended, lost, refusal, scored, settled } from './events.js';
import { planned, type OpenMemory } from './harness.js';

/** Where open items stand: what an execution is taken up from after a crash. */
export function progressRules(open: OpenMemory): void {
  describe('an open item', () => {
    /** The progress of a plan of one, after some events. */
    async function after(events: (plan: Awaited<ReturnType<typeof planned>>) => Parameters<Awaited<ReturnType<OpenMemory>>['append']>[0]) {
      const store = await open();
      const plan = await planned(store, 1);
      for (const event of events(plan)) await store.append([event], plan.context);
      const progress = await store.read(({ items }) => items.open(plan.executionId, -1, 10));
      await store.close();
      return progress;
    }

    it('is fresh before anything was sent', async () => {
      const store = await open();
      const plan = await planned(store, 3);
      expect(await store.read(({ items }) => items.open(plan.executionId, -1, 10))).toEqual(
        plan.items.map((item) => ({ item, attempts: [], scores: [], stored: null })),
      );
    });

    it('is in flight when it was sent and nothing came back', async () => {
      const attemptId = uuidv7();
      const found = await after(({ at }) => [intended(at(0), { attemptId })]);
      expect(found).toMatchObject([
        { attempts: [{ attemptId, purpose: 'target', branch: 0, turn: 0, state: 'open', exchange: null }], scores: [] },
      ]);
    });

    it('is neither in flight nor answered after a failure or a loss, and in flight again when it is retried', async () => {
      const two = await after(({ at }) => {
        const [first, second] = [intended(at(0)), intended(at(0), { retry: 1 })];
        return [first, failed(first), second, lost(second)];
      });
      expect(two).toMatchObject([
        { attempts: [{ state: 'failed', fault: 'timeout', detail: 'no answer in 30 s', latencyMs: 30 }, { state: 'lost' }] },
      ]);
      const three = await after(({ at }) => {
        const first = intended(at(0));
        return [first, failed(first), intended(at(0), { retry: 1 })];
      });
      expect(three).toMatchObject([{ attempts: [{ state: 'failed' }, { state: 'open' }] }]);
    });

    it.each([true, false])('has its answer and its scores when only its end is missing (blocked: %s)', async (blocked) => {
      const exchange = { conversationId: uuidv7(), requestId: uuidv7(), responseId: uuidv7() };
      const scoringRunId = uuidv7();
      const found = await after(({ at }) => {
        const attempt = intended(at(0));
        const answer = answered(attempt, exchangeOf(at(0), { ...exchange, original: 'o', converted: 'c', response: '' }), { blocked });
        return [attempt, answer, scored(answer, scoringRunId, 'true')];
      });
      expect(found).toMatchObject([
        {
          attempts: [
            {
              state: 'answered',
              blocked,
              latencyMs: 13,
              finishReason: 'stop',
              usage: { inputTokens: 7, outputTokens: 9 },
              fault: null,
              exchange: { ...exchange, original: 'o', converted: 'c', response: '' },
            },
          ],
          scores: [
            {
              messageId: exchange.responseId,
              scoringRunId,
              scorerId: refusal.id,
              scorerVersion: '1',
              score: { type: 'true_false', value: 'true', category: null, rationale: 'because', metadata: null },
            },
          ],
        },
      ]);
    });

    it('knows how often which judge was asked, and who of all was not heard of again', async () => {
      const found = await after(({ at }) => {
        const target = intended(at(0));
        const verdict = intended(at(0), { purpose: 'judge', branch: 1 });
        const again = intended(at(0), { purpose: 'judge', branch: 1, turn: 1 });
        const lostOne = intended(at(0), { purpose: 'judge', branch: 2 });
        const answer = answered(target, exchangeOf(at(0), { response: 'mine' }));
        return [target, answer, verdict, { ...answered(verdict, exchangeOf(at(0))), exchange: null }, again, lostOne, lost(lostOne)];
      });
      expect(found).toMatchObject([
        {
          attempts: [
            { purpose: 'target', state: 'answered', exchange: { response: 'mine' } },
            { purpose: 'judge', branch: 1, turn: 0, state: 'answered', exchange: null },
            { purpose: 'judge', branch: 1, turn: 1, state: 'open' },
            { purpose: 'judge', branch: 2, turn: 0, state: 'lost' },
          ],
        },
      ]);
    });

    it('is answered by the last attempt, when an earlier one was lost', async () => {
      const found = await after(({ at }) => {
        const [first, second] = [intended(at(0)), intended(at(0), { retry: 1 })];
        return [first, lost(first), second, answered(second, exchangeOf(at(0), { response: 'the second' }))];
      });
      expect(found).toMatchObject([
        {
          attempts: [
            { state: 'lost', exchange: null },
            { state: 'answered', exchange: { response: 'the second' } },
          ],
        },
      ]);
    });

    it('knows the purpose of each attempt', async () => {
      const found = await after(({ at }) => {
        const attempt = intended(at(0));
        const judges = [intended(at(0), { purpose: 'judge' }), intended(at(0), { purpose: 'judge', retry: 1 })] as const;
        const others = [intended(at(0), { purpose: 'attacker' }), intended(at(0), { purpose: 'converter' })];
        const verdict = { ...answered(judges[0], exchangeOf(at(0))), exchange: null };
        return [...others, attempt, answered(attempt, exchangeOf(at(0), { response: 'mine' })), ...judges, verdict];
      });
      expect(found[0]?.attempts.map(({ purpose, state }) => `${purpose} ${state}`).sort()).toEqual([
        'attacker open',
        'converter open',
        'judge answered',
        'judge open',
        'target answered',
      ]);
    });

    it('is no longer there when it is settled, whatever the run', async () => {
      const found = await after(({ at }) => {
        const attempt = intended(at(0));
        return [attempt, settled(at(0).id, 'unknown', uuidv7()), settled(at(0).id, 'cancelled', uuidv7())];
      });
      expect(found).toEqual([]);
    });

    it('is found once while others are settled between the pages', async () => {
      const store = await open();
      const plan = await planned(store, 100);
      const seen: number[] = [];
      for (let after = -1; ;) {
        const page = await store.read(({ items }) => items.open(plan.executionId, after, 7));
        const last = page.at(-1);
        if (!last) break;
        seen.push(...page.map((progress) => progress.item.position));
        after = last.item.position;
        // What was just seen, and something that is to come.
        const done = [...page.map((progress) => progress.item), ...plan.items.filter((item) => item.position === after + 3)];
        await store.append(
          done.map((item) => settled(item.id, 'scored', uuidv7())),
          plan.context,
        );
      }
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      const { open: left, scored: done } = await store.read(({ items }) => items.coverage(plan.executionId));
      expect([left, done]).toEqual([0, 100]);
      expect(seen.length).toBeGreaterThan(80);
    });
  });
}

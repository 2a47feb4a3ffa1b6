import { describe, expect, it } from '@jest/globals';
import { uuidv7, type AttackEnded, type Exchange } from '#core';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { planned, type OpenMemory } from './harness.js';

/** Conversations of more than one turn, their branches, and how attacks end. */
export function attackRules(open: OpenMemory): void {
  describe('attacks', () => {
    it('keep what stands before the first request, and one turn after the other in one conversation', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const conversationId = uuidv7();
      const say = (turn: number, changes: Partial<Exchange>) => {
        const attempt = intended(plan.at(0), { turn });
        return [attempt, answered(attempt, exchangeOf(plan.at(0), { conversationId, response: `answer ${turn}`, ...changes }))];
      };
      const preceding = [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Shall we?' },
        { role: 'assistant', content: 'Yes.' },
      ] as const;
      await store.append(say(0, { preceding, original: 'one', converted: 'ONE' }), plan.context);
      await store.append(say(1, { original: 'two', converted: 'TWO' }), plan.context);
      const messages = await store.read((memory) => memory.messages.conversation(conversationId));
      expect(
        messages.map(({ sequence, role, original_value, converted_value }) => [sequence, role, original_value, converted_value]),
      ).toEqual([
        [0, 'system', 'Be kind.', 'Be kind.'],
        [1, 'user', 'Shall we?', 'Shall we?'],
        [2, 'assistant', 'Yes.', 'Yes.'],
        [3, 'user', 'one', 'ONE'],
        [4, 'assistant', 'answer 0', 'answer 0'],
        [5, 'user', 'two', 'TWO'],
        [6, 'assistant', 'answer 1', 'answer 1'],
      ]);
      for (const message of messages) expect(message).toMatchObject({ execution_id: plan.executionId, original_prompt_id: message.id });
    });

    it('branch into copies that share their originals, so that a score shows in both, and are deleted with the execution', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const long = { response: 'x'.repeat(40_000) };
      const [first, second, branch] = [exchangeOf(plan.at(0), long), exchangeOf(plan.at(0), long), exchangeOf(plan.at(0), long)];
      const run = uuidv7();
      const [one, two] = [intended(plan.at(0)), intended(plan.at(0), { turn: 1 })];
      const begun = answered(one, { ...first, preceding: [{ role: 'system', content: 'Be kind.' }] });
      const gone = answered(two, { ...second, conversationId: first.conversationId });
      await store.append([one, begun, two, gone, scored(begun, run, 'true')], plan.context);
      const again = intended(plan.at(0), { turn: 1, branch: 1 });
      const continues = { conversationId: first.conversationId, responseId: first.responseId };
      await store.append([again, answered(again, { ...branch, continues })], plan.context);
      await store.read(async ({ messages, scores }) => {
        const original = await messages.conversation(first.conversationId);
        const copy = await messages.conversation(branch.conversationId);
        expect(original).toHaveLength(5);
        expect(copy.map(({ sequence, role }) => `${sequence} ${role}`)).toEqual([
          '0 system',
          '1 user',
          '2 assistant',
          '3 user',
          '4 assistant',
        ]);
        expect(copy.slice(0, 3).map((message) => message.original_prompt_id)).toEqual(original.slice(0, 3).map((message) => message.id));
        expect(copy.slice(0, 3).map((message) => message.converted_value)).toEqual(
          original.slice(0, 3).map((message) => message.converted_value),
        );
        expect(copy.slice(3).map(({ id }) => id)).toEqual([branch.requestId, branch.responseId]);
        expect(new Set([...original, ...copy].map(({ id }) => id)).size).toBe(10);
        // The score of the original shows through the copy.
        expect(await scores.list({ messageIds: [copy[2]?.id ?? ''] }, 10)).toHaveLength(1);
      });
      await store.append([settled(plan.at(0).id, 'scored', run)], plan.context);
      await store.transact(async ({ executions }) => {
        await executions.setState(plan.executionId, 'completed');
        await executions.delete(plan.executionId);
      });
      expect(await store.read(({ stats }) => stats())).toMatchObject({ messages: 0, scores: 0 });
    });

    it('go on without copies from a conversation that somebody has deleted', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const attempt = intended(plan.at(0), { turn: 1, branch: 1 });
      const exchange = exchangeOf(plan.at(0), { continues: { conversationId: uuidv7(), responseId: uuidv7() } });
      await store.append([attempt, answered(attempt, exchange)], plan.context);
      expect(await store.read(({ messages }) => messages.conversation(exchange.conversationId))).toHaveLength(2);
    });

    it('end with a result for each scoring run, of which the latest counts', async () => {
      const store = await open();
      const plan = await planned(store, 3);
      const [before, after] = [uuidv7(), uuidv7()];
      const ended = (position: number, scoringRunId: string, changes: Partial<AttackEnded>): AttackEnded => ({
        kind: 'attack-ended',
        itemId: plan.at(position).id,
        scoringRunId,
        at: 1_000,
        outcome: 'failure',
        reason: null,
        turns: 3,
        backtracks: 1,
        conversationId: uuidv7(),
        responseId: uuidv7(),
        prunedConversationIds: [uuidv7(), uuidv7()],
        attackerConversationIds: [],
        latencyMs: 12.4,
        inputTokens: 5,
        outputTokens: 6,
        ...changes,
      });
      const last = ended(0, after, { outcome: 'success', reason: 'because' });
      const none = ended(1, before, { outcome: 'error', conversationId: null, responseId: null, prunedConversationIds: [] });
      await store.append([last, ended(0, before, {}), none], plan.context);
      await store.read(async ({ attacks }) => {
        const ids = plan.items.map(({ id }) => id);
        const found = await attacks.ofItems(plan.executionId, ids);
        expect([...found.keys()].sort()).toEqual(ids.slice(0, 2).sort());
        expect(found.get(ids[0] ?? '')).toEqual({
          execution_id: plan.executionId,
          item_id: ids[0],
          scoring_run_id: after,
          outcome: 'success',
          reason: 'because',
          turns: 3,
          backtracks: 1,
          conversation_id: last.conversationId,
          response_id: last.responseId,
          pruned_conversation_ids: last.prunedConversationIds,
          attacker_conversation_ids: [],
          latency_ms: 12,
          input_tokens: 5,
          output_tokens: 6,
          ended_at: '1970-01-01T00:00:01.000Z',
        });
        expect(found.get(ids[1] ?? '')).toMatchObject({ outcome: 'error', conversation_id: null, pruned_conversation_ids: [] });
        expect(Object.fromEntries(await attacks.outcomes(plan.executionId))).toEqual({ error: 1, success: 1 });
        expect(await attacks.ofItems(plan.executionId, [])).toEqual(new Map());
        expect(await attacks.ofItems(uuidv7(), ids)).toEqual(new Map());
        expect(await attacks.outcomes(uuidv7())).toEqual(new Map());
      });
    });
  });
}

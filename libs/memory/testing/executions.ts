import { describe, expect, it } from '@jest/globals';
import { Conflict, NotFound, uuidv7, type ExecutionState } from '#core';
import { FINAL_STATES } from '../executions.js';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { executionRow, itemRows, planned, planOf, type OpenMemory } from './harness.js';

const STATES: readonly ExecutionState[] = ['queued', 'running', 'paused', 'completed', 'cancelled', 'failed'];

export function executionRules(open: OpenMemory): void {
  describe('its executions', () => {
    it('come back as they were written, and are counted', async () => {
      const store = await open();
      const row = executionRow({
        plan: { deep: [{ 'a.b': '"' }, null] },
        reason: 'why',
        labels: { "o'b": '☃' },
        on_unknown_outcome: 'mark',
      });
      await store.transact((memory) => memory.executions.create(row));
      await store.read(async ({ executions }) => {
        expect(await executions.get(row.id)).toEqual(row);
        expect(await executions.count()).toBe(1);
        await expect(executions.get(uuidv7())).rejects.toMatchObject({ constructor: NotFound, noun: 'execution' });
      });
    });

    it('are listed newest first, by orchestrator and by state, and those that go on by themselves in the order of their creation', async () => {
      const store = await open();
      const orchestrator_id = uuidv7();
      const rows = STATES.flatMap((state) => [executionRow({ state }), executionRow({ state, orchestrator_id })]);
      for (const row of rows) await store.transact((memory) => memory.executions.create(row));
      const newest = rows.toReversed();
      const page = { limit: 100, before: null };
      await store.read(async ({ executions }) => {
        expect(await executions.list(page)).toEqual(newest);
        expect(await executions.list({ ...page, orchestratorId: orchestrator_id })).toEqual(
          newest.filter((row) => row.orchestrator_id === orchestrator_id),
        );
        expect(await executions.list({ ...page, state: 'paused' })).toEqual(newest.filter((row) => row.state === 'paused'));
        expect(await executions.list({ ...page, state: 'paused', orchestratorId: orchestrator_id })).toHaveLength(1);
        expect(await executions.list({ ...page, orchestratorId: uuidv7() })).toEqual([]);
        expect(await executions.unfinished()).toEqual(rows.filter(({ state }) => state === 'queued' || state === 'running'));
        expect(await executions.count()).toBe(12);
      });
    });

    it('note when they first started and when they ended', async () => {
      const store = await open();
      const { id } = executionRow();
      await store.transact((memory) => memory.executions.create(executionRow({ id })));
      const move = (state: ExecutionState, reason?: string) => store.transact((memory) => memory.executions.setState(id, state, reason));
      const running = await move('running');
      expect(running).toMatchObject({ state: 'running', started_at: expect.stringMatching(/Z$/), finished_at: null, reason: null });
      expect(await move('paused', 'by hand')).toMatchObject({ state: 'paused', started_at: running.started_at, reason: 'by hand' });
      expect(await move('running')).toMatchObject({ started_at: running.started_at, reason: null, finished_at: null });
      const completed = await move('completed');
      expect(completed).toMatchObject({ started_at: running.started_at, finished_at: expect.stringMatching(/Z$/) });
      expect(await store.read((memory) => memory.executions.get(id))).toEqual(completed);
      await expect(store.transact((memory) => memory.executions.setState(uuidv7(), 'running'))).rejects.toBeInstanceOf(NotFound);
    });

    it.each(FINAL_STATES)('that are %s stay so', async (final) => {
      const store = await open();
      const row = executionRow();
      await store.transact((memory) => memory.executions.create(row));
      const ended = await store.transact((memory) => memory.executions.setState(row.id, final));
      for (const state of STATES) {
        await expect(store.transact((memory) => memory.executions.setState(row.id, state))).rejects.toBeInstanceOf(Conflict);
      }
      expect(await store.read((memory) => memory.executions.get(row.id))).toEqual(ended);
    });

    it('remember that they are to be cancelled, unless they are at an end', async () => {
      const store = await open();
      const [running, done] = [executionRow({ state: 'running' }), executionRow({ state: 'completed' })];
      for (const row of [running, done]) await store.transact((memory) => memory.executions.create(row));
      const request = (id: string) => store.transact((memory) => memory.executions.requestCancel(id));
      const asked = await request(running.id);
      expect(asked).toEqual({ ...running, cancel_requested_at: expect.stringMatching(/Z$/) });
      // The first request counts, and no state takes it back.
      expect(await request(running.id)).toEqual(asked);
      await store.transact((memory) => memory.executions.setState(running.id, 'paused'));
      expect(await request(done.id)).toEqual(done);
      await expect(request(uuidv7())).rejects.toBeInstanceOf(NotFound);
      await store.close();
      const again = await open();
      expect(await again.read((memory) => memory.executions.list({ limit: 9, before: null }))).toEqual([
        done,
        { ...asked, state: 'paused' },
      ]);
    });

    it('that did not come to be leave no items, and those of others stay', async () => {
      const store = await open();
      const kept = await planned(store, 5);
      const dropped = uuidv7();
      await store.appendRows({ items: itemRows(dropped, planOf(7)) });
      await store.transact((memory) => memory.executions.dropItems(dropped));
      const coverages = await store.read(({ items }) => items.coverages([dropped, kept.executionId]));
      expect([...coverages].map(([id, { planned }]) => [id, planned])).toEqual([[kept.executionId, 5]]);
    });

    it('are deleted with all that they brought, when they are at an end, and nothing else is', async () => {
      const store = await open();
      const [doomed, kept] = [await planned(store, 3), await planned(store, 3)];
      for (const { items, context } of [doomed, kept]) {
        for (const item of items) {
          const attempt = intended(item);
          const answer = answered(attempt, exchangeOf(item));
          await store.append([attempt, answer, scored(answer, uuidv7(), 'true'), settled(item.id, 'scored', uuidv7())], context);
        }
      }
      const state = (id: string) =>
        store.read(async ({ items, messages, scores }) => ({
          coverage: await items.coverage(id),
          attempts: (
            await items.attempts(
              id,
              planOf(3).map((item) => item.id),
            )
          ).length,
          messages: (await messages.list({ executionId: id }, 100)).length,
          scores: (await scores.list({ executionId: id }, 100)).length,
        }));
      const before = await state(kept.executionId);
      expect(before).toMatchObject({ coverage: { planned: 3, scored: 3 }, attempts: 6, messages: 6, scores: 3 });
      const [request] = await store.read((memory) => memory.messages.list({ executionId: doomed.executionId }, 1));
      const copy = await store.transact((memory) => memory.messages.duplicate(request?.conversation_id ?? ''));
      await expect(store.transact((memory) => memory.executions.delete(doomed.executionId))).rejects.toBeInstanceOf(Conflict);
      await store.transact((memory) => memory.executions.setState(doomed.executionId, 'cancelled'));
      await store.transact((memory) => memory.executions.delete(doomed.executionId));
      expect(await state(doomed.executionId)).toMatchObject({ coverage: { planned: 0, scored: 0 }, attempts: 0, messages: 0, scores: 0 });
      expect(await state(kept.executionId)).toEqual(before);
      // Nothing is left that would show itself if something took the same ids.
      await store.appendRows({ items: itemRows(doomed.executionId, planOf(3)) });
      expect((await state(doomed.executionId)).coverage).toMatchObject({ planned: 3, open: 3 });
      await store.transact((memory) => memory.executions.dropItems(doomed.executionId));
      // What somebody copied out of it is theirs.
      expect(await store.read((memory) => memory.messages.conversation(copy))).toHaveLength(2);
      expect(await store.read((memory) => memory.stats())).toEqual({ conversations: 4, messages: 8, scores: 3, prompts: 0, executions: 1 });
      await expect(store.transact((memory) => memory.executions.delete(doomed.executionId))).rejects.toBeInstanceOf(NotFound);
      const [again] = await store.transact(({ messages }) =>
        messages.add(request?.conversation_id ?? '', [{ role: 'user', originalValue: 'x' }]),
      );
      expect(again?.sequence).toBe(0);
    });

    it('of which a crash left only items are cleaned away at the next opening, the others kept', async () => {
      const store = await open();
      const { executionId } = await planned(store, 5);
      const orphan = uuidv7();
      await store.appendRows({ items: itemRows(orphan, planOf(7)) });
      await store.close();
      const again = await open();
      await again.transact((memory) => memory.executions.count());
      expect((await again.read((memory) => memory.items.coverage(orphan))).planned).toBe(0);
      expect((await again.read((memory) => memory.items.coverage(executionId))).planned).toBe(5);
    });
  });
}

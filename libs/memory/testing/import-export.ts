import { describe, expect, it } from '@jest/globals';
import { Conflict, contentId, uuidv7, type AttackEnded } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import { MemoryStore } from '../memory-store.js';
import { answered, exchangeOf, failed, intended, lost, scored, settled } from './events.js';
import { ada, executionRow, itemRows, planned, type MemoryHarness, type OpenMemory } from './harness.js';
import { contentOf, idOf, Source } from './import-rows.js';

const seal = (text: string): string => `sealed ${text.length}`;

/** Configurations that refer to each other, one of them changed once, and a dataset of more than a page. @returns the id of the orchestrator. */
async function configure(store: MemoryStore): Promise<string> {
  const source = new Source('f1');
  const prompts = Array.from({ length: 700 }, (_, position) =>
    source.row('prompt', `prompt ${position % 690} ${position === 650 ? 'x'.repeat(40_000) : ''}`, { position, metadata: { position } }),
  );
  await store.imports.take(uuidv7(), [source.row('dataset', 'harms', { description: 'what' }), ...prompts]);
  return store.transact(async ({ configurations }) => {
    const secrets = { apiKey: { kind: 'sealed' as const, sealed: 'xyz', hint: '…abcd' } };
    const { id: generatorId } = await configurations('generators').create({ name: 'g', type: 'echo', parameters: { a: [1] }, secrets });
    await configurations('generators').update(generatorId, null, { parameters: { a: [2] } });
    await configurations('converters').create({ name: 'c', type: 'base64', parameters: {}, secrets: {} });
    await configurations('scorers').create({ name: 's', type: 'self-ask', parameters: { generatorId }, secrets: {} });
    const { id } = await configurations('orchestrators').create({ name: 'o', type: 'x', parameters: { generatorId }, secrets: {} });
    return id;
  });
}

/** An execution with everything that one may have, rated by a person, and one that judges its answers. @returns its id. */
async function run(store: MemoryStore, orchestrator_id: string): Promise<string> {
  const plan = await planned(store, 560);
  const scoringRunId = uuidv7();
  const events = plan.items.slice(0, 520).flatMap((item) => {
    const [attempt, again] = [intended(item), intended(item, { retry: 1 })];
    const response = item.position === 7 ? `long ${'☃'.repeat(50_000)}` : item.position === 8 ? '' : `answer ${item.position}`;
    const answer = answered(again, exchangeOf(item, { response }), { blocked: item.position === 8 });
    return [attempt, failed(attempt), again, answer, scored(answer, scoringRunId, 'true'), settled(item.id, 'scored', scoringRunId, 'why')];
  });
  await store.append(events, plan.context);
  const attacked = plan.at(530);
  const [first, second, third] = [intended(attacked), intended(attacked, { turn: 1, branch: 1 }), intended(plan.at(531))];
  const begun = answered(first, exchangeOf(attacked));
  const { conversationId, responseId } = begun.exchange;
  const branch = answered(second, exchangeOf(attacked, { continues: { conversationId, responseId } }));
  const ended: AttackEnded = {
    kind: 'attack-ended',
    itemId: attacked.id,
    scoringRunId,
    at: 1_000,
    outcome: 'success',
    reason: 'because',
    turns: 2,
    backtracks: 1,
    conversationId: branch.exchange.conversationId,
    responseId: branch.exchange.responseId,
    prunedConversationIds: [conversationId, uuidv7()],
    attackerConversationIds: [],
    latencyMs: 5,
    inputTokens: 1,
    outputTokens: 2,
  };
  await store.append([first, begun], plan.context);
  await store.append([second, branch, third, lost(third), ended], plan.context);
  const judging = executionRow({ orchestrator_id, state: 'completed', planned: 1, plan: { executionId: plan.executionId } });
  const item = { id: contentId({ responseId }), position: 0, promptId: responseId, value: 'p', chain: 0, repeat: 0, occurrence: 0 };
  await store.transact(async ({ executions, messages, scores }) => {
    await executions.setState(plan.executionId, 'completed');
    await messages.duplicate(conversationId);
    const score = { type: 'float_scale' as const, value: '0.5', category: 'x', rationale: 'by hand', metadata: null };
    await scores.add(responseId, score, { id: null, name: 'ada', type: 'human', version: '1' });
    await messages.add(uuidv7(), [{ role: 'system', originalValue: 'by hand', labels: { a: 'b' }, metadata: { c: 1 } }]);
    await executions.create(judging);
  });
  await store.appendRows({ items: itemRows(judging.id, [item]) });
  return plan.executionId;
}

export function memoryExportRules(open: OpenMemory, harness: MemoryHarness): void {
  const target = async () => MemoryStore.open(await harness.open('target'), 'target', ada, true);
  const contentIn = async (name: string) => {
    const database = await harness.open(name);
    const content = await contentOf(database);
    await database.close();
    return { ...content, owner: [] };
  };

  describe('a memory as a source of imports', () => {
    it('comes into an empty one with the same content, and goes without a trace; into itself it brings nothing', async () => {
      const store = await open();
      const executionId = await run(store, await configure(store));
      const empty = await target();
      await empty.close();
      const before = await contentIn('target');
      const other = await target();
      const take = uuidv7();
      const account = await other.imports.take(take, store.imports.exportRows(seal));
      for (const { file, read, added } of account) expect([file, added]).toEqual([`store:${ada.store_id}`, read]);
      const digests = await other.imports.digests(take);
      for (const { meant, stored } of digests) expect(stored).toBe(meant);
      const chains = (memory: MemoryStore) => memory.read(({ items }) => items.byScorer(executionId));
      expect(await chains(other)).toEqual(await chains(store));
      const itself = await store.imports.take(uuidv7(), store.imports.exportRows(seal));
      for (const { read, duplicate } of itself) expect(duplicate).toBe(read);
      await store.close();
      await other.close();
      const mine = await contentIn('memory');
      expect(await contentIn('target')).toEqual(mine);
      expect(Object.entries(mine).filter(([, rows]) => rows.length === 0)).toEqual([['owner', []]]);
      const again = await target();
      expect(await again.imports.undo(take)).toMatchObject({ kept: [] });
      await again.close();
      expect(await contentIn('target')).toEqual(before);
    }, 120_000);

    it('keeps the rows as they were stored, whole, as originals', async () => {
      const store = await open();
      const text = 'long '.repeat(9_000);
      const [message] = await store.transact(({ messages }) => messages.add(uuidv7(), [{ role: 'user', originalValue: text }]));
      const rows: ImportRow[] = [];
      for await (const row of store.imports.exportRows((original) => original)) rows.push(row);
      expect(rows.map(({ provenance }) => provenance)).toEqual([{ file: `store:${ada.store_id}`, table: 'messages', row: 0 }]);
      expect(JSON.parse(rows[0]?.original ?? '')).toMatchObject({ id: message?.id, original_value: text });
    });

    it('puts executions aside that have not ended, and says what to do', async () => {
      const store = await open();
      await planned(store, 2);
      const other = await target();
      const take = uuidv7();
      await other.imports.take(take, store.imports.exportRows(seal));
      expect(await other.imports.reasons(take)).toMatchObject([
        { noun: 'execution', reason: 'It has not ended: end it where it is from, and take it in then.', rows: 1 },
        { noun: 'item', rows: 2 },
      ]);
    });

    it('is not read on when somebody writes to it before all is received', async () => {
      const store = await open();
      const say = (text: string) => store.transact(({ messages }) => messages.add(idOf(text), [{ role: 'user', originalValue: text }]));
      for (const text of ['one', 'two', 'three']) await say(text);
      const other = await target();
      const take = uuidv7();
      await other.imports.receive(take, store.imports.exportRows(seal));
      await other.imports.receive(take, store.imports.exportRows(seal));
      for (let n = 0; n < 8; n++) await say(`more ${n}`);
      await expect(other.imports.receive(take, store.imports.exportRows(seal))).rejects.toThrow(Conflict);
    });
  });
}

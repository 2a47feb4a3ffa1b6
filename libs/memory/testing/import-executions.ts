import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import type { MemoryHarness, OpenMemory } from './harness.js';
import { campaign, resultsOf } from './import-campaigns.js';
import { contentOf, decisionsOf, idOf, moment, Source } from './import-rows.js';

const ONE = 'f1'.repeat(32);
const TWO = 'f2'.repeat(32);

const readable = (name: string, answer = 'answer') =>
  [0, 1].map((n) => `scored ${name} item ${n}: ${name} item ${n} → ${answer} ${n} (true)`);

export function importedExecutionRules(open: OpenMemory, harness: MemoryHarness): void {
  describe('its imported executions', () => {
    it('come home with all that they brought, and are at an end', async () => {
      const store = await open();
      const source = new Source(ONE);
      const generator = source.row('generator', 'target');
      const rows = [
        ...campaign(source, 'e', { execution: { orchestratorId: idOf('o') } }).toReversed(),
        source.row('orchestrator', 'o', { parameters: { generatorId: idOf('target') } }),
        generator,
      ];
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['added']));
      expect(await resultsOf(store, idOf('e'))).toEqual(readable('e'));
      await store.read(async ({ executions, items, messages, attacks }) => {
        expect(await executions.unfinished()).toEqual([]);
        expect(await executions.get(idOf('e'))).toMatchObject({
          orchestrator_id: idOf('o'),
          state: 'completed',
          max_requests: 7,
          max_cost: 1.25,
        });
        expect(await items.coverage(idOf('e'))).toMatchObject({ planned: 2, scored: 2, open: 0 });
        expect(await items.byScorer(idOf('e'))).toMatchObject([
          { chain: 0, positive: 1 },
          { chain: 1, positive: 1 },
        ]);
        expect(await items.spent([idOf('e')])).toMatchObject([{ purpose: 'target', requests: 2, inputTokens: 6, outputTokens: 8 }]);
        expect([...(await attacks.outcomes(idOf('e')))]).toEqual([['success', 2]]);
        expect(await messages.list({ executionId: idOf('e') }, 9)).toHaveLength(4);
      });
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });

    it('that have not ended are put aside with all their parts; what was said stays, of no execution', async () => {
      const store = await open();
      const rows = campaign(new Source(ONE), 'e', { execution: { state: 'running', finishedAt: null } });
      const decisions = await decisionsOf(store, rows);
      for (const [n, { noun }] of rows.entries())
        expect(`${noun} ${decisions[n]}`).toBe(`${noun} ${noun === 'message' || noun === 'score' ? 'added' : 'quarantined'}`);
      await store.read(async ({ executions, messages, scores }) => {
        expect(await executions.count()).toBe(0);
        for (const row of (await messages.page({}, 9)).rows) expect(row).toMatchObject({ execution_id: null, item_id: null });
        for (const row of await scores.list({}, 9)) expect(row).toMatchObject({ execution_id: null, item_id: null });
      });
    });

    it('are one, however many files have them; of parts with one key the first stays', async () => {
      const store = await open();
      const odd = new Source('f3');
      const rows = [...campaign(new Source(ONE), 'e'), ...campaign(new Source(TWO), 'e')];
      const decisions = await decisionsOf(store, rows);
      const countOf = (wanted: string) => decisions.filter((decision) => decision === wanted).length;
      expect([countOf('added'), countOf('duplicate')]).toEqual([17, 17]);
      const more = [
        odd.row('execution', 'e', { planned: 2 }),
        odd.row('item', 'another text', { executionId: idOf('e'), id: idOf('e item 0') }),
        odd.row('item', 'a third', { executionId: idOf('e'), position: 2 }),
        odd.row('item', 'of none', { executionId: idOf('nowhere') }),
      ];
      expect(await decisionsOf(store, more)).toEqual(['duplicate', 'quarantined', 'added', 'quarantined']);
      expect((await resultsOf(store, idOf('e'))).slice(0, 2)).toEqual(readable('e'));
      expect((await resultsOf(store, idOf('e')))[2]).toMatch('open a third');
    });

    it('of one id that ended otherwise are beside each other: the later has the id, and what a file has follows its own', async () => {
      const store = await open();
      const older = campaign(new Source(ONE), 'e', { answer: 'first', execution: { state: 'failed', finishedAt: moment(1) } });
      const newer = campaign(new Source(TWO), 'e', { answer: 'second', execution: { finishedAt: moment(2) } });
      expect(new Set(await decisionsOf(store, [...older, ...newer]))).toEqual(new Set(['added']));
      const planned = await store.read(({ executions }) => executions.list({ limit: 9, before: null }));
      const [other] = planned.filter(({ id }) => id !== idOf('e'));
      expect(planned).toHaveLength(2);
      expect(other?.state).toBe('failed');
      expect(await resultsOf(store, idOf('e'))).toEqual(readable('e', 'second'));
      expect(await resultsOf(store, other?.id ?? '')).toEqual(readable('e', 'first'));
      expect(new Set(await decisionsOf(store, [...older, ...newer]))).toEqual(new Set(['duplicate']));
    });

    it('keep the id that they have here, also when one comes in that ended later', async () => {
      const store = await open();
      await store.imports.take(uuidv7(), campaign(new Source(ONE), 'e'));
      const run = uuidv7();
      await store.imports.take(run, campaign(new Source(TWO), 'e', { answer: 'later', execution: { finishedAt: moment(5) } }));
      expect(await resultsOf(store, idOf('e'))).toEqual(readable('e'));
      const reasons = (await store.imports.plan(campaign(new Source('f3'), 'e', { execution: { planHash: 'x' } }))).map(
        ({ reason }) => reason,
      );
      expect(reasons).toContain('The memory has another execution of that id: this one is beside it, under an id of its own.');
      expect(await store.imports.undo(run)).toMatchObject({ kept: [] });
      expect(await store.read(({ executions }) => executions.count())).toBe(1);
    });

    it('name no message of somebody else', async () => {
      const store = await open();
      await store.imports.take(uuidv7(), [new Source(TWO).row('message', 'theirs', { id: idOf('e response 0') })]);
      const rows = campaign(new Source(ONE), 'e').filter((row) => row.noun !== 'message' && row.noun !== 'score');
      await store.imports.take(uuidv7(), rows);
      const journal = await store.read(({ items }) => items.attempts(idOf('e'), [idOf('e item 0'), idOf('e item 1')]));
      const answers = journal.filter(({ phase }) => phase === 'answered').map(({ response_id }) => response_id);
      expect(new Set(answers)).toEqual(new Set([idOf('e response 1'), null]));
    });

    it('are decided in chunks of about a thousand rows, however many items they have', async () => {
      const store = await open();
      const source = new Source(ONE);
      const items = Array.from({ length: 1_700 }, (_, position) =>
        source.row('item', `item ${position}`, { executionId: idOf('e'), position }),
      );
      await store.imports.take(uuidv7(), [source.row('execution', 'e', { planned: items.length }), ...items]);
      expect((await store.read((memory) => memory.items.coverage(idOf('e')))).open).toBe(1_700);
      await store.close();
      const database = await harness.open('memory');
      const chunks = await database.read((db) =>
        db
          .selectFrom('import_decisions')
          .select(({ fn }) => ['chunk', fn.countAll<number>().as('rows')])
          .groupBy('chunk')
          .execute(),
      );
      expect(Math.max(...chunks.map(({ rows }) => rows))).toBeLessThanOrEqual(1_024);
    });
  });

  describe('scores of its imported executions', () => {
    it('are there once in each scoring run, by the scorer as it is here; one that names no run is any of them', async () => {
      const store = await open();
      const mine = await store.transact(({ configurations }) =>
        configurations('scorers').create({ name: 'refusal', type: 'echo', parameters: {}, secrets: {} }),
      );
      const source = new Source(ONE);
      const score = (scoringRunId: string | null, more = {}) =>
        source.row('score', 'refusal', {
          id: uuidv7(),
          messageId: idOf('e response 0'),
          executionId: idOf('e'),
          itemId: idOf('e item 0'),
          scorerId: idOf('theirs'),
          scoringRunId,
          ...more,
        });
      const rows = [
        score(null),
        score(idOf('later run')),
        score(idOf('later run')),
        score(idOf('last run')),
        score(idOf('elsewhere'), { executionId: idOf('nowhere') }),
        source.row('scorer', 'refusal', { id: idOf('theirs') }),
        ...campaign(source, 'e').filter(({ noun }) => noun !== 'score'),
      ];
      const decisions = await decisionsOf(store, rows);
      expect([decisions[0], ...decisions.slice(1, 3).toSorted(), ...decisions.slice(3, 6)]).toEqual([
        'duplicate',
        'added',
        'duplicate',
        'added',
        'added',
        'duplicate',
      ]);
      const scores = await store.read((memory) => memory.scores.list({}, 9));
      expect(new Set(scores.map(({ scorer_id }) => scorer_id))).toEqual(new Set([mine.id]));
      const home = (run: string) => scores.filter((row) => row.scoring_run_id === idOf(run)).map((row) => [row.execution_id, row.item_id]);
      expect(home('later run')).toEqual([[idOf('e'), idOf('e item 0')]]);
      expect(home('elsewhere')).toEqual([[null, null]]);
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });
  });

  describe('an imported execution', () => {
    const rows = (): ImportRow[] => {
      const source = new Source(ONE);
      return [...campaign(source, 'e'), ...campaign(source, 'free'), source.row('orchestrator', 'orchestrator')];
    };

    it('is undone with all that it brought', async () => {
      await (await open()).close();
      const database = await harness.open('memory');
      const before = await contentOf(database);
      await database.close();
      const store = await open();
      const run = uuidv7();
      await store.imports.take(run, rows());
      expect(await store.imports.undo(run)).toEqual({ removed: 35, kept: [] });
      await store.close();
      const after = await harness.open('memory');
      expect(await contentOf(after)).toEqual(before);
    });

    const touched: [string, string, (store: Awaited<ReturnType<OpenMemory>>) => Promise<unknown>][] = [
      [
        'whose answer was scored since',
        'Its answers were scored since.',
        (store) =>
          store.transact(({ scores }) => {
            const score = { type: 'true_false' as const, value: 'false', category: null, rationale: 'no', metadata: null };
            return scores.add(idOf('e response 1'), score, { id: null, name: 'ada', type: 'human', version: '1' });
          }),
      ],
      [
        'of which a conversation was copied since',
        'Its answers were copied since.',
        (store) => store.transact(({ messages }) => messages.duplicate(idOf('e conversation 0'))),
      ],
      [
        'of which a conversation was labelled since',
        'It was changed since.',
        (store) => store.transact(({ messages }) => messages.setLabels(idOf('e conversation 1'), { mine: 'yes' })),
      ],
      [
        'that another import has too',
        'Another import has the same. Take that back first.',
        (store) => store.imports.take(uuidv7(), [new Source(TWO).row('execution', 'e', { planned: 2 })]),
      ],
      [
        'that another was planned with',
        'An execution was planned with it.',
        (store) =>
          store.imports.take(uuidv7(), [new Source(TWO).row('execution', 'over it', { plan: { filter: { executionId: idOf('e') } } })]),
      ],
    ];
    it.each(touched)('%s stays whole, and others go', async (_case, reason, touch) => {
      const store = await open();
      const run = uuidv7();
      await store.imports.take(run, rows());
      await touch(store);
      const { removed, kept } = await store.imports.undo(run);
      expect(removed).toBe(17);
      expect(kept.find(({ noun }) => noun === 'execution')).toMatchObject({ id: idOf('e'), reason });
      expect(kept.find(({ noun }) => noun === 'orchestrator')?.reason).toBe('There are executions of it.');
      expect(kept.map(({ noun }) => noun).sort()).toEqual([
        'execution',
        ...Array<string>(4).fill('message'),
        'orchestrator',
        ...Array<string>(2).fill('score'),
      ]);
      const before = await resultsOf(store, idOf('e'));
      expect(before).toHaveLength(2);
      expect(before.join()).not.toContain('undefined');
      expect(await store.imports.undo(run)).toMatchObject({ removed: 0 });
      expect(await resultsOf(store, idOf('e'))).toEqual(before);
    });

    it('that was kept goes when it is free', async () => {
      const store = await open();
      const [run, other] = [uuidv7(), uuidv7()];
      await store.imports.take(run, rows());
      await store.imports.take(other, [new Source(TWO).row('execution', 'e', { planned: 2 })]);
      expect((await store.imports.undo(run)).removed).toBe(17);
      await store.imports.undo(other);
      expect(await store.imports.undo(run)).toEqual({ removed: 18, kept: [] });
      expect(await store.read((memory) => memory.stats())).toMatchObject({ executions: 0, messages: 0, scores: 0 });
    });
  });

  describe('its imported orchestrators', () => {
    it('refer to what their generators have become', async () => {
      const store = await open();
      const mine = await store.transact(({ configurations }) =>
        configurations('generators').create({ name: 'gpt', type: 'echo', parameters: {}, secrets: {} }),
      );
      const rows = [ONE, TWO].flatMap((file) => {
        const source = new Source(file);
        const generatorId = idOf(`gpt of ${file}`);
        const parameters = { generatorId, nested: [{ ids: [generatorId, 'x'] }] };
        return [
          source.row('generator', 'gpt', { id: generatorId }),
          source.row('orchestrator', 'o', { id: idOf(`o of ${file}`), parameters }),
        ];
      });
      expect((await decisionsOf(store, rows)).toSorted()).toEqual(['added', 'duplicate', 'duplicate', 'duplicate']);
      const [row, ...others] = await store.read(({ configurations }) => configurations('orchestrators').list({ limit: 9, before: null }));
      expect(others).toEqual([]);
      expect(row?.parameters).toEqual({ generatorId: mine.id, nested: [{ ids: [mine.id, 'x'] }] });
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });
  });
}

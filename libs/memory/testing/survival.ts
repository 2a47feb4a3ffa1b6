import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ITEM_STATES, uuidv7 } from '#core';
import { CONFIGURATION_NOUNS } from '../tables.js';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { planned, type MemoryHarness, type OpenMemory } from './harness.js';

/** Another process of Node has no compiler: it drops the types itself, and finds our sources where the imports name what is built of them. */
const SOURCES = `import { registerHooks } from 'node:module';
registerHooks({ resolve: (name, context, next) =>
  next(name.startsWith('.') && context.parentURL?.endsWith('.ts') ? name.replace(/\\.js$/, '.ts') : name, context) });`;

const FLAGS = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=source',
  `--import=data:text/javascript,${encodeURIComponent(SOURCES)}`,
];

interface Acknowledged {
  readonly executionId: string;
  /** The ids of item, conversation and score. */
  readonly lines: readonly (readonly string[])[];
}

/** Lets another process append until it has acknowledged `count` batches, and kills it. */
async function killAfter(count: number, module: string, place: string): Promise<Acknowledged> {
  const script = join(import.meta.dirname, 'appender.ts');
  const child = spawn(process.execPath, [...FLAGS, script, module, place], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // What it had said before it died counts too, so the reading goes on to the end.
    if (lines.push(line) === count + 1) child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  const [executionId = '', ...batches] = lines;
  return { executionId, lines: batches.map((line) => line.split(' ')) };
}

export function survivalRules(open: OpenMemory, harness: MemoryHarness): void {
  describe('it survives', () => {
    it('being closed: everything is there when it is opened again', async () => {
      const store = await open();
      for (const noun of CONFIGURATION_NOUNS)
        await store.transact((memory) => memory.configurations(noun).create({ name: 'x', type: 't', parameters: { a: 1 }, secrets: {} }));
      const plan = await planned(store, 3);
      const run = uuidv7();
      const answer = answered(intended(plan.at(0)), exchangeOf(plan.at(0)));
      await store.append([intended(plan.at(1)), answer, scored(answer, run, 'true'), settled(answer.itemId, 'scored', run)], plan.context);
      await store.transact(({ messages }) => messages.duplicate(answer.exchange.conversationId));
      const everything = async (memory: Awaited<ReturnType<OpenMemory>>) =>
        memory.read(async ({ owner, configurations, executions, items, messages, scores, stats }) => ({
          owner: await owner.find(),
          configurations: await Promise.all(CONFIGURATION_NOUNS.map((noun) => configurations(noun).list({ limit: 9, before: null }))),
          executions: await executions.list({ limit: 9, before: null }),
          items: await items.list(plan.executionId, -1, 9),
          open: await items.open(plan.executionId, -1, 9),
          attempts: await items.attempts(
            plan.executionId,
            plan.items.map((item) => item.id),
          ),
          messages: await messages.list({}, 9),
          scores: await scores.list({}, 9),
          stats: await stats(),
        }));
      const before = await everything(store);
      expect(before.stats).toEqual({ conversations: 2, messages: 4, scores: 1, prompts: 0, executions: 1 });
      expect(before.open).toHaveLength(2);
      await store.checkpoint();
      expect((await store.size()).fileBytes).toBeGreaterThan(0);
      expect(store.healthy).toBe(true);
      await store.close();
      expect(await everything(await open())).toEqual(before);
    });

    it('being closed while it is written to: what was queued is written', async () => {
      const store = await open();
      const plan = await planned(store, 200);
      const appends = plan.items.map((item) => store.append([settled(item.id, 'skipped', uuidv7())], plan.context));
      await store.close();
      const written = (await Promise.allSettled(appends)).filter((result) => result.status === 'fulfilled').length;
      const coverage = await (await open()).read(({ items }) => items.coverage(plan.executionId));
      expect([coverage.skipped, coverage.open]).toEqual([written, 200 - written]);
      expect(written).toBe(200);
    });

    it('the death of its process: nothing that was acknowledged is lost, no batch is there in part', async () => {
      const { module, place } = await harness.elsewhere('memory');
      for (const count of [1, 60, 300]) {
        const { executionId, lines } = await killAfter(count, module, place);
        expect(lines.length).toBeGreaterThanOrEqual(count);
        const store = await open();
        await store.read(async ({ items, messages, scores }) => {
          const coverage = await items.coverage(executionId);
          expect(ITEM_STATES.reduce((sum, state) => sum + coverage[state], 0)).toBe(coverage.planned);
          expect(coverage.planned).toBe(3_000);
          const done = await items.list(executionId, -1, 3_000, 'scored');
          const ids = done.map((item) => item.id);
          const doneIds = new Set(ids);
          expect(lines.filter(([itemId = '']) => !doneIds.has(itemId))).toEqual([]);
          // Each item that is done has its intent and its answer, two messages and a score, acknowledged or not; and no other has.
          expect((await items.attempts(executionId, ids)).length).toBe(2 * ids.length);
          const stored = await messages.list({ executionId }, 10_000);
          expect(new Set(stored.map((row) => row.item_id))).toEqual(doneIds);
          expect(stored.map((row) => row.sequence)).toEqual(ids.flatMap(() => [0, 1]));
          const conversations = new Set(stored.map((row) => row.conversation_id));
          expect(lines.filter(([, conversation = '']) => !conversations.has(conversation))).toEqual([]);
          const scoreIds = new Set((await scores.list({ executionId }, 10_000)).map((row) => row.id));
          expect(scoreIds.size).toBe(ids.length);
          expect(lines.filter(([, , score = '']) => !scoreIds.has(score))).toEqual([]);
          // What was under way says so: an execution can be taken up from here.
          const open = await items.open(executionId, -1, 3_000);
          expect(open).toHaveLength(3_000 - ids.length);
          expect(open.every(({ attempts }) => attempts.length === 0 || (attempts.length === 1 && attempts[0]?.state === 'open'))).toBe(
            true,
          );
        });
        await store.close();
      }
    }, 60_000);
  });
}

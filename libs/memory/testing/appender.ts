import { once } from 'node:events';
import { uuidv7 } from '#core';
import type { Database } from '#database';
import { MemoryStore } from '../memory-store.js';
import type { MemoryTables } from '../tables.js';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { ada, planned } from './harness.js';

/**
 * A process that appends to Ada's memory until it is killed. It prints the id of its execution, then for each batch that is durable the ids of the
 * item, the conversation and the score. Arguments: the module that opens the database, and the place that it is handed.
 */
const [, , module = '', place = ''] = process.argv;
const { openMemory } = (await import(module)) as { openMemory(place: string): Promise<Database<MemoryTables>> };
const store = await MemoryStore.open(await openMemory(place), 'memory', ada, true);
const plan = await planned(store, 3_000);
process.stdout.write(`${plan.executionId}\n`);
const queue = plan.items.values();

async function work(): Promise<void> {
  for (const item of queue) {
    const attempt = intended(item);
    await store.append([attempt], plan.context);
    const answer = answered(attempt, exchangeOf(item));
    const score = scored(answer, uuidv7(), 'true');
    await store.append([answer, score, settled(item.id, 'scored', score.scoringRunId)], plan.context);
    const line = `${item.id} ${answer.exchange.conversationId} ${score.scoreId}\n`;
    if (!process.stdout.write(line)) await once(process.stdout, 'drain');
  }
}

await Promise.all(Array.from({ length: 20 }, work));

import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import { fillMemory } from './filled-memory.ts';
import { waitRow } from './latency.ts';
import type { BenchOptions } from './options.ts';
import { mean } from './percentile.ts';
import { timedRead } from './probe.ts';
import { perSecond, row, type Row } from './row.ts';
import { Target } from './target.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const PROMPTS = 10_000;
/** Each brings two messages for each prompt: 1 M in the full benchmark, with the one that is there. */
const FULL_DAYS = 49;
const SHORT_DAYS = 9;
const READS = 200;

/** Campaigns and reads in a memory that holds a million messages, or with less time a tenth of that, against the same in an empty one. */
export async function* stored(options: BenchOptions): AsyncGenerator<Row> {
  await using target = await Target.start(0);
  await using folder = await TemporaryFolder.make();
  const first = await inMemory(folder.path, options, target);
  const messages = await fillMemory(folder.path, options.full ? FULL_DAYS : SHORT_DAYS);
  const filled = [await inMemory(folder.path, options, target)];
  const reads = await readTimes(folder.path, first.executionId);
  filled.push(await inMemory(folder.path, options, target));
  await using fresh = await TemporaryFolder.make();
  const last = await inMemory(fresh.path, options, target);

  const full = mean(filled.map((campaign) => campaign.promptsPerSecond));
  const empty = mean([first.promptsPerSecond, last.promptsPerSecond]);
  const ratio = full / empty;
  const stored = `${messages.toLocaleString('en')} messages stored`;
  yield row('stored', `${PROMPTS.toLocaleString('en')} prompts, 0 ms target, ${stored}`, perSecond(full), {
    against: `${perSecond(empty)} with none`,
    ratio: ratio.toFixed(2),
    bar: '≥ 0.90',
    met: ratio >= 0.9,
    figures: { promptsPerSecond: full, emptyPromptsPerSecond: empty, ratio, messages },
  });
  yield waitRow('stored', `  50 results read, ${stored}, no campaign`, reads, 20);
}

async function inMemory(dataDir: string, options: BenchOptions, target: Target) {
  await using server = await BenchServer.start(dataDir, options);
  return await runCampaign(server, target.url, PROMPTS, options.workers);
}

async function readTimes(dataDir: string, executionId: string): Promise<number[]> {
  await using server = await BenchServer.start(dataDir);
  const times: number[] = [];
  await timedRead(server, executionId);
  for (let read = 0; read < READS; read++) times.push(await timedRead(server, executionId));
  return times;
}

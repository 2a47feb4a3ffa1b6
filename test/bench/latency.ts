import { once } from 'node:events';
import { runBareLoop } from './bare-run.ts';
import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import type { LoopDelay } from './event-loop.ts';
import type { BenchOptions } from './options.ts';
import { percentile } from './percentile.ts';
import { probe, type Probes } from './probe.ts';
import { ms, perSecond, row, type Row } from './row.ts';
import { Target } from './target.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const DELAY_MS = 50;
/** How much later than the bare loop's our event loop may be. */
const SLACK_MS = 10;
const LONGEST_BLOCK_MS = 20;

/** What people, and the event loop, have to wait while a campaign runs against a target that takes 50 ms. */
export async function* latency(options: BenchOptions): AsyncGenerator<Row> {
  await using target = await Target.start(DELAY_MS);
  yield* answersDuring(options, target);
  yield* eventLoopDuring(options, target);
}

async function* answersDuring(options: BenchOptions, target: Target): AsyncGenerator<Row> {
  const prompts = Math.max(...options.prompts);
  await using folder = await TemporaryFolder.make();
  await using server = await BenchServer.start(folder.path, options);
  let probes: Probes = { live: [], read: [] };
  const { promptsPerSecond } = await runCampaign(server, target.url, prompts, options.workers, async (id, ended) => {
    probes = await probe(server, id, ended);
  });
  yield row('latency', `${prompts.toLocaleString('en')} prompts, ${DELAY_MS} ms target, while being asked`, perSecond(promptsPerSecond), {
    figures: { promptsPerSecond },
  });
  yield waitRow('latency', '  GET /health/live meanwhile', probes.live, 50);
  yield waitRow('latency', '  50 results read meanwhile', probes.read, 20);
}

/** What the 50th and the 99th of a hundred wait for an answer. */
export function waitRow(part: Row['part'], measure: string, times: readonly number[], barMs: number): Row {
  const [p50, p99] = [percentile(times, 50), percentile(times, 99)];
  return row(part, measure, `p50 ${ms(p50)}, p99 ${ms(p99)}`, {
    bar: `p99 < ${barMs} ms`,
    met: p99 < barMs,
    figures: { p50Ms: p50, p99Ms: p99, asked: times.length },
  });
}

async function* eventLoopDuring(options: BenchOptions, target: Target): AsyncGenerator<Row> {
  const prompts = Math.max(...options.prompts);
  const { loopDelay: bare } = await runBareLoop(target.url, prompts, options.workers);
  await using folder = await TemporaryFolder.make();
  await using server = await BenchServer.start(folder.path, { ...options, watched: true });
  await server.loopDelay();
  const delays: LoopDelay[] = [];
  await runCampaign(server, target.url, prompts, options.workers, async (_id, ended) => {
    delays.push(await server.loopDelay());
    if (!ended.aborted) await once(ended, 'abort');
    delays.push(await server.loopDelay());
  });
  const [planning, running] = delays;
  if (!planning || !running) throw new Error('The server did not say how late its event loop was.');
  yield delayRow('event loop delay, p50', running.p50, bare.p50);
  yield delayRow('event loop delay, p99', running.p99, bare.p99);
  yield blockRow('longest block of the event loop, campaign', running.longest, bare.longest);
  yield blockRow('longest block, upload and planning', planning.longest, bare.longest);
}

function delayRow(measure: string, ours: number, bare: number): Row {
  return row('latency', measure, ms(ours), {
    against: `${ms(bare)} bare loop`,
    bar: `≤ bare + ${SLACK_MS} ms`,
    met: ours <= bare + SLACK_MS,
    figures: { delayMs: ours, bareDelayMs: bare },
  });
}

/** A busy machine blocks the bare loop as well: what it does to that is not counted against us. */
function blockRow(measure: string, longest: number, bare: number): Row {
  return row('latency', measure, ms(longest), {
    against: `${ms(bare)} bare loop`,
    bar: `< ${LONGEST_BLOCK_MS} ms, or bare + ${SLACK_MS} ms`,
    met: longest < Math.max(LONGEST_BLOCK_MS, bare + SLACK_MS),
    figures: { longestMs: longest, bareLongestMs: bare },
  });
}

// `npm run bench [-- --prompts 1500,10000]`: how fast campaigns are against the same client in a bare loop, in the same run. Ratios are what counts:
// absolute figures are those of this machine at this moment.
import { parseArgs } from 'node:util';
import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import { percentile, probe } from './probe.ts';
import { JsonProcess } from './processes.ts';

const { values } = parseArgs({
  options: { prompts: { type: 'string', default: '1500,10000' }, workers: { type: 'string', default: '50' } },
});
const sizes = values.prompts.split(',').map(Number);
const workers = Number(values.workers);

async function startTarget(delayMs: number) {
  const target = new JsonProcess('test/targets/standalone.ts', ['--delay', String(delayMs)]);
  const { port } = await target.say<{ port: number }>('port');
  return { target, url: `http://127.0.0.1:${port}/v1` };
}

async function bareLoop(url: string, prompts: number): Promise<number> {
  await using loop = new JsonProcess('test/bench/bare-loop.ts', ['--url', url, '--prompts', String(prompts), '--workers', String(workers)]);
  const { seconds, answers } = await loop.say<{ seconds: number; answers: number }>('seconds', 'answers');
  if (answers !== prompts) throw new Error(`The bare loop got ${answers} of ${prompts} answers.`);
  return prompts / seconds;
}

const rows: string[][] = [['measure', 'bare loop', 'campaign', 'ratio', 'bar']];

for (const prompts of sizes) {
  const { target, url } = await startTarget(0);
  await using server = await BenchServer.start();
  const before = await bareLoop(url, prompts);
  const { seconds } = await runCampaign(server, url, prompts, workers);
  const after = await bareLoop(url, prompts);
  const bare = (before + after) / 2;
  const campaign = prompts / seconds;
  rows.push([`${prompts} prompts, 0 ms target`, rate(bare), rate(campaign), (campaign / bare).toFixed(2), '≥ 0.60']);
  await target[Symbol.asyncDispose]();
}

for (const prompts of sizes) {
  const { target, url } = await startTarget(50);
  await using server = await BenchServer.start();
  const bare = await bareLoop(url, prompts);
  const { seconds } = await runCampaign(server, url, prompts, workers);
  const campaign = prompts / seconds;
  const ideal = workers / 0.05;
  rows.push([`${prompts} prompts, 50 ms target`, rate(bare), rate(campaign), `${(campaign / ideal).toFixed(2)} of ${ideal}/s`, '≥ 0.90']);
  const watched = await runCampaign(server, url, prompts, workers, (executionId) =>
    probe(server, executionId, (live, read) => {
      rows.push(['  GET /health/live during it, p50 · p99', '', `${percentile(live, 50)} · ${percentile(live, 99)} ms`, '', 'p99 < 50 ms']);
      rows.push(['  50 results read during it, p50 · p99', '', `${percentile(read, 50)} · ${percentile(read, 99)} ms`, '', 'p99 < 20 ms']);
    }),
  );
  rows.push([`  the same while being probed`, '', rate(watched.planned / watched.seconds), '', '']);
  await target[Symbol.asyncDispose]();
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond)}/s`;
}

const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
for (const row of rows) process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);

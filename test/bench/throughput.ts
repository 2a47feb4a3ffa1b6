import { runBareLoop } from './bare-run.ts';
import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import type { BenchOptions } from './options.ts';
import { watchResidentMemory, type ResidentMemory } from './resident-memory.ts';
import { mb, perSecond, row, type Row } from './row.ts';
import { Target } from './target.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const LARGE = 100_000;
/** The bare loop keeps its pace: more than this tells nothing new. */
const MOST_BARE_PROMPTS = 20_000;
const MAX_RESIDENT_BYTES = 600 * 1024 * 1024;
/** The last quarter may take a tenth more than the second and still count as flat. */
const FLAT = 1.1;

/** Prompts per second of a campaign, against the same client in a bare loop just before and just after. */
export async function* throughput(options: BenchOptions): AsyncGenerator<Row> {
  for (const delayMs of [0, 50]) for (const prompts of options.prompts) yield* oneSize(options, prompts, delayMs);
  if (options.full) yield* oneSize(options, LARGE, 0);
}

async function* oneSize(options: BenchOptions, prompts: number, delayMs: number): AsyncGenerator<Row> {
  const { workers } = options;
  await using target = await Target.start(delayMs);
  await using folder = await TemporaryFolder.make();
  const barePrompts = Math.min(prompts, MOST_BARE_PROMPTS);
  const before = await runBareLoop(target.url, barePrompts, workers);
  await using server = await BenchServer.start(folder.path, options);
  const resident = watchResidentMemory(server.pid);
  const { promptsPerSecond } = await runCampaign(server, target.url, prompts, workers);
  const memory = await resident();
  const after = await runBareLoop(target.url, barePrompts, workers);
  const bare = (before.promptsPerSecond + after.promptsPerSecond) / 2;
  const measure = `${prompts.toLocaleString('en')} prompts, ${delayMs} ms target`;
  const figures = { promptsPerSecond, barePromptsPerSecond: bare };
  if (delayMs === 0) {
    const ratio = promptsPerSecond / bare;
    yield row('throughput', measure, perSecond(promptsPerSecond), {
      against: `${perSecond(bare)} bare loop`,
      ratio: ratio.toFixed(2),
      bar: '≥ 0.60',
      met: ratio >= 0.6,
      figures: { ...figures, ratio },
    });
  } else {
    const ideal = (workers * 1000) / delayMs;
    const ratio = promptsPerSecond / ideal;
    yield row('throughput', measure, perSecond(promptsPerSecond), {
      against: `${perSecond(ideal)} if only the target took time (bare loop: ${perSecond(bare)})`,
      ratio: ratio.toFixed(2),
      bar: '≥ 0.90',
      met: ratio >= 0.9,
      figures: { ...figures, ratio, ratioToBareLoop: promptsPerSecond / bare },
    });
  }
  if (prompts === LARGE) yield* memoryRows(memory);
}

function* memoryRows(memory: ResidentMemory | null): Generator<Row> {
  if (!memory) {
    yield row('throughput', '  memory of the server over it', 'not measured: this system has no /proc');
    return;
  }
  const { peak, secondQuarter, lastQuarter } = memory;
  yield row('throughput', '  largest resident memory over it, upload included', mb(peak), {
    bar: '< 600 MB',
    met: peak < MAX_RESIDENT_BYTES,
    figures: { peakBytes: peak },
  });
  const growth = lastQuarter / secondQuarter;
  yield row('throughput', '  its mean in the last quarter', mb(lastQuarter), {
    against: `${mb(secondQuarter)} in the second`,
    ratio: growth.toFixed(2),
    bar: '≤ 1.10',
    met: growth <= FLAT,
    figures: { secondQuarterBytes: secondQuarter, lastQuarterBytes: lastQuarter, growth },
  });
}

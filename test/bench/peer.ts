import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import type { BenchOptions } from './options.ts';
import { Promptfoo } from './promptfoo.ts';
import { perSecond, row, type Row } from './row.ts';
import { Target } from './target.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const PROMPTS = 1500;

/** The same work by promptfoo: the same prompts, the same target, as many in flight, one assertion for one scorer, its results kept in its database. */
export async function* peer(options: BenchOptions): AsyncGenerator<Row> {
  const measure = `${PROMPTS.toLocaleString('en')} prompts, 0 ms target, against promptfoo`;
  await using promptfoo = await Promptfoo.fetch().catch((error: Error) => {
    console.error(error.message);
    return null;
  });
  if (!promptfoo) {
    yield row('peer', measure, 'not measured: promptfoo could not be fetched');
    return;
  }
  await using target = await Target.start(0);
  await using folder = await TemporaryFolder.make();
  await using server = await BenchServer.start(folder.path, options);
  const before = await promptfoo.evaluate(target.url, PROMPTS, options.workers);
  const { promptsPerSecond } = await runCampaign(server, target.url, PROMPTS, options.workers);
  const after = await promptfoo.evaluate(target.url, PROMPTS, options.workers);
  const theirs = (before + after) / 2;
  const ratio = promptsPerSecond / theirs;
  yield row('peer', measure, perSecond(promptsPerSecond), {
    against: `${perSecond(theirs)} promptfoo ${Promptfoo.VERSION}`,
    ratio: ratio.toFixed(1),
    bar: '≥ 5',
    met: ratio >= 5,
    figures: { promptsPerSecond, peerPromptsPerSecond: theirs, ratio },
  });
}

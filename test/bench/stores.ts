import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchServer } from './bench-server.ts';
import { runCampaign } from './campaign.ts';
import type { BenchOptions } from './options.ts';
import { mean, percentile } from './percentile.ts';
import { JsonProcess } from './processes.ts';
import { mb, ms, perSecond, row, type Row } from './row.ts';
import { TEMPLATE } from './store-copies.ts';
import { Target } from './target.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const TEMPLATE_PROMPTS = 50;
const OPENED = 200;
const HELD = 200;
const USERS = 1_000;
const FULL_USERS = 10_000;
const MB = 1024 * 1024;

/** What it takes to open and to keep open people's memories, each with a small campaign in it, without HTTP. */
export async function* stores(options: BenchOptions): AsyncGenerator<Row> {
  await using template = await TemporaryFolder.make();
  await makeTemplate(template.path, options);
  yield* opening(template.path);
  yield* holding(template.path);
  yield* turnover(template.path, options.full ? FULL_USERS : USERS);
}

async function* opening(template: string): AsyncGenerator<Row> {
  const { opened, closed } = await inProcess<{ opened: number[]; closed: number[] }>(template, 'opening', OPENED, 'opened', 'closed');
  const [p50, p99] = [percentile(opened, 50), percentile(opened, 99)];
  yield row('stores', 'opening a clean memory', `p50 ${ms(p50)}, p99 ${ms(p99)}`, {
    bar: 'p50 ≤ 20 ms',
    met: p50 <= 20,
    figures: { p50Ms: p50, p99Ms: p99, opened: opened.length },
  });
  const closing = { p50Ms: percentile(closed, 50), p99Ms: percentile(closed, 99) };
  yield row('stores', 'closing it', `p50 ${ms(closing.p50Ms)}, p99 ${ms(closing.p99Ms)}`, { figures: closing });
}

async function* holding(template: string): AsyncGenerator<Row> {
  const bytes = await inProcess<{ opened: number | null; used: number | null }>(template, 'holding', HELD, 'opened', 'used');
  const measure = `resident memory per open memory, ${HELD} open`;
  if (bytes.opened === null || bytes.used === null) {
    yield row('stores', measure, 'not measured: this system has no /proc');
    return;
  }
  const perStore = (bytes: number): Partial<Row> => ({ bar: '≤ 4 MB', met: bytes <= 4 * MB, figures: { bytesPerStore: bytes } });
  yield row('stores', measure, mb(bytes.opened), perStore(bytes.opened));
  yield row('stores', '  after 50 messages were read in each', mb(bytes.used), perStore(bytes.used));
}

async function* turnover(template: string, users: number): AsyncGenerator<Row> {
  const { usersPerSecond, mostOpen, resident } = await inProcess<{ usersPerSecond: number; mostOpen: number; resident: number[] }>(
    template,
    'turnover',
    users,
    'usersPerSecond',
    'mostOpen',
    'resident',
  );
  yield row(
    'stores',
    `${users.toLocaleString('en')} people one after the other, ${HELD} memories open at a time`,
    perSecond(usersPerSecond),
    {
      figures: { usersPerSecond, mostOpen },
    },
  );
  if (resident.every((bytes) => bytes === 0)) return;
  const half = Math.floor(resident.length / 2);
  const [early, late] = [mean(resident.slice(0, half)), mean(resident.slice(half))];
  const growth = late / early;
  yield row('stores', '  resident memory, second half of them', mb(late), {
    against: `${mb(early)} first half`,
    ratio: growth.toFixed(2),
    bar: '≤ 1.10',
    met: growth <= 1.1,
    figures: { earlyBytes: early, lateBytes: late, growth, peakBytes: Math.max(...resident) },
  });
}

async function inProcess<T extends object>(template: string, what: string, users: number, ...members: (keyof T & string)[]): Promise<T> {
  await using folder = await TemporaryFolder.make();
  await copyFile(join(template, TEMPLATE), join(folder.path, TEMPLATE));
  const args = ['--folder', folder.path, '--what', what, '--users', String(users)];
  await using process = new JsonProcess('test/bench/stores-process.ts', args);
  return await process.say<T>(...members);
}

/** A memory as the server leaves it. */
async function makeTemplate(folder: string, { workers }: BenchOptions): Promise<void> {
  await using target = await Target.start(0);
  await using data = await TemporaryFolder.make();
  {
    await using server = await BenchServer.start(data.path);
    await runCampaign(server, target.url, TEMPLATE_PROMPTS, workers);
  }
  const directory = join(data.path, 'memory');
  const file = (await readdir(directory)).find((name) => name.endsWith('.db'));
  if (file === undefined) throw new Error(`There is no memory in ${directory}.`);
  await copyFile(join(directory, file), join(folder, TEMPLATE));
}

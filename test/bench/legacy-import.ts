import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchOptions } from './options.ts';
import { JsonProcess } from './processes.ts';
import { watchResidentMemory } from './resident-memory.ts';
import { mb, perSecond, row, type Row } from './row.ts';
import { MIGRATE } from './start-command.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** In the order in which they come. */
const PHASES = ['reading', 'receiving', 'ordering', 'settling'] as const;
type Phase = (typeof PHASES)[number];

const MB = 1024 * 1024;
const BAR_BYTES = 400 * MB;
const SAMPLE_MS = 100;
interface Measured {
  readonly ms: number;
  readonly peak: number;
}

/** Old files come into new memories, beside a bare `insert … select` of the same rows into a table of the same shape. */
export async function* imports(options: BenchOptions): AsyncGenerator<Row> {
  for (const rows of options.rows) yield* importing(rows, options);
}

async function* importing(rows: number, { profileDir }: BenchOptions): AsyncGenerator<Row> {
  await using folder = await TemporaryFolder.make();
  const source = join(folder.path, 'source');
  await mkdir(source);
  const file = join(source, 'old.db');
  await said('test/bench/legacy-file.ts', ['--file', file, '--rows', String(rows)], 'made');
  const { insertMs } = await said<{ insertMs: number }>(
    'test/bench/bare-insert.ts',
    ['--source', file, '--folder', folder.path],
    'insertMs',
  );
  const phases = await measure(source, folder.path, rows, profileDir);

  const bare = rows / (insertMs / 1000);
  const rate = rows / (sum(PHASES.slice(1).map((phase) => phases[phase].ms)) / 1000);
  const peak = Math.max(...PHASES.slice(1).map((phase) => phases[phase].peak));
  yield row('imports', `${rows.toLocaleString('en')} messages of an old file come into a memory`, perSecond(rate), {
    against: `${perSecond(bare)} bare INSERT … SELECT`,
    ratio: (rate / bare).toFixed(3),
    figures: { rows, rowsPerSecond: rate, bareRowsPerSecond: bare, ratio: rate / bare },
  });
  if (peak > 0)
    yield row('imports', '  largest resident memory over it', mb(peak), {
      bar: '< 400 MB',
      met: peak < BAR_BYTES,
      figures: { peakBytes: peak },
    });
  for (const phase of PHASES) {
    const { ms, peak: bytes } = phases[phase];
    const measure = phase === 'reading' ? '  reading the file alone, before it' : `  ${phase}`;
    const ours = `${perSecond(rows / (ms / 1000))}, at most ${mb(bytes)}`;
    yield row('imports', measure, ours, { figures: { milliseconds: ms, peakBytes: bytes } });
  }
}

async function measure(source: string, folder: string, rows: number, profileDir: string | null): Promise<Record<Phase, Measured>> {
  const profiling = profileDir === null ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
  const nodeArgs = [...MIGRATE.nodeArgs, ...profiling];
  await using process = new JsonProcess(
    'test/bench/legacy-import-process.ts',
    ['--source', source, '--folder', folder],
    MIGRATE.env,
    nodeArgs,
  );
  const phases: Partial<Record<Phase, Measured>> = {};
  let { at } = await process.say<{ at: number }>('at');
  for (const phase of PHASES) {
    const watched = watchResidentMemory(process.pid, SAMPLE_MS);
    const next = await process.say<{ at: number }>('at');
    phases[phase] = { ms: next.at - at, peak: (await watched())?.peak ?? 0 };
    at = next.at;
  }
  const { read, added } = await process.say<{ read: number; added: number }>('read', 'added');
  if (read !== rows || added !== rows) throw new Error(`Of ${rows} messages ${read} were read and ${added} came in.`);
  return phases as Record<Phase, Measured>;
}

async function said<T extends object>(script: string, args: readonly string[], member: keyof T & string): Promise<T> {
  await using process = new JsonProcess(script, args);
  return await process.say<T>(member);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

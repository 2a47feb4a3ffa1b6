// `npm run bench`: how fast campaigns are against the same client in a bare loop, in the same run. Ratios are what counts: absolute figures are
// those of this machine at this moment.
import { mkdir, writeFile } from 'node:fs/promises';
import { topSelfTimes } from './cpu-profile.ts';
import { latency } from './latency.ts';
import { imports } from './legacy-import.ts';
import { describe, thisMachine } from './machine.ts';
import { readOptions, USAGE, type BenchOptions } from './options.ts';
import { writePage } from './page.ts';
import { peer } from './peer.ts';
import { PARTS, type Part, type Row } from './row.ts';
import { stored } from './stored.ts';
import { stores } from './stores.ts';
import { markdownTable, textTable } from './table.ts';
import { throughput } from './throughput.ts';

const RUNS: Record<Part, (options: BenchOptions) => AsyncGenerator<Row>> = { throughput, latency, stored, imports, stores, peer };

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const options = understood(args);
  if (!options) return;
  if (options.profileDir !== null) await mkdir(options.profileDir, { recursive: true });
  const machine = thisMachine();
  const begun = new Date();
  // Where this run was told to write is of no use to whoever repeats it.
  const command = `npm run bench -- ${args.join(' ')}`.replace(/ --(json|profile)[ =]\S+/g, '').replace(' --write', '');
  const rows: Row[] = [];
  for (const part of PARTS.filter((each) => options.parts.has(each))) {
    console.error(`${part} …`);
    for await (const row of RUNS[part](options)) {
      console.error(`  ${row.measure.trim()}: ${row.ours}`);
      rows.push(row);
    }
    // After each part: what was measured is kept if a later one fails.
    if (options.jsonFile !== null) await writeFile(options.jsonFile, `${JSON.stringify({ begun, command, machine, rows }, null, 2)}\n`);
    const heading = `\`${command}\` on ${begun.toISOString().slice(0, 10)}: ${describe(machine)}.`;
    if (options.write) await writePage(`${heading}\n\n${markdownTable(rows)}`);
  }
  console.log(`${describe(machine)}\n\n${textTable(rows)}`);
  if (options.profileDir !== null) console.log(`\n${(await topSelfTimes(options.profileDir)).join('\n')}`);
}

function understood(args: readonly string[]): BenchOptions | null {
  try {
    return readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

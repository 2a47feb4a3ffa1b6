// `npm run estate [-- --people 20 --kills 20 --seed S]`: kills the migration of an estate at random points, goes on with the same command, and
// compares what there is in the end with what an uninterrupted run leaves, and with the truth. Ends with 1 when it differs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Estate } from './estate.ts';
import { Killing, type Content } from './killing.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '20' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});

/** How many faults of a run are told in full. */
const MOST_TOLD = 20;

const folder = await mkdtemp(join(tmpdir(), 'violentutf-estate-'));
try {
  say(`Again: --people ${values.people} --kills ${values.kills} --seed ${values.seed}`);
  await using estate = await Estate.write(join(folder, 'estate'), { people: Number(values.people) });
  await using killing = await Killing.prepare(estate);
  const rows = estate.files.reduce((sum, file) => sum + file.rows.length, 0);
  const { content, tookMs, wrong } = await killing.uninterrupted();
  say(`${estate.people.length} people, ${estate.files.length} files, ${rows} rows: a run takes ${(tookMs / 1_000).toFixed(1)} s`);
  let faults = told('uninterrupted', wrong);
  for await (const round of killing.rounds(Number(values.kills), tookMs, values.seed)) {
    const name = round.kills.length === 0 ? 'ended before it was killed' : `killed after ${round.kills.join(' and ')} ms`;
    faults += told(name, [
      ...(round.state === 'completed' ? [] : [`It is ${round.state}.`]),
      ...differences(round.content, content),
      ...round.wrong,
    ]);
  }
  say(`faults ${faults}`);
  process.exitCode = faults === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @returns how many faults there are */
function told(name: string, faults: readonly string[]): number {
  say(`${name}: ${faults.length === 0 ? 'every row is where it belongs' : `${faults.length} faults`}`);
  for (const fault of faults.slice(0, MOST_TOLD)) say(`  ${fault}`);
  return faults.length;
}

/** Whose tables are not the same. */
function differences(found: Content, expected: Content): readonly string[] {
  return [...new Set([...Object.keys(found), ...Object.keys(expected)])].flatMap((owner) => {
    const tables = new Set([...Object.keys(found[owner] ?? {}), ...Object.keys(expected[owner] ?? {})]);
    const others = [...tables].filter((table) => found[owner]?.[table] !== expected[owner]?.[table]);
    return others.map((table) => `The table ${table} of ${owner} is not what an uninterrupted run makes of it.`);
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// `npm run soak [-- --executions 1500 --orchestrators 50]`: runs many executions of many orchestrators on a server that keeps few of them compiled,
// and checks that nothing grows: no file, no instance, no heap. Ends with 1 when something does not hold.
import { parseArgs } from 'node:util';
import { Findings } from './findings.ts';
import { median } from './heap.ts';
import { POOL_SIZE, Soak, type Soaked } from './soak.ts';

/** With fewer executions the server is still warming up. */
const ENOUGH_FOR_HEAP = 500;
/**
 * A compiled orchestrator takes about 9,000 bytes, and two of three executions compile one. What memories keep at hand of their latest conversations,
 * up to a bound that is not reached here, is about 1,500 bytes for an execution.
 */
const MOST_GROWTH_BYTES = 4_000;
const ROUNDS = 20;

const { values } = parseArgs({
  options: { executions: { type: 'string', default: '1500' }, orchestrators: { type: 'string', default: '50' } },
});
const executions = positive('--executions', values.executions);
const orchestrators = positive('--orchestrators', values.orchestrators);

// An exit, unlike a signal, ends the server.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const began = performance.now();
const findings = new Findings();
const soaked = await soak();
const growth = growthOf(soaked.heapBytes);
if (executions >= ENOUGH_FOR_HEAP)
  findings.check(`the heap grows by no more than ${MOST_GROWTH_BYTES} bytes for an execution`, growth <= MOST_GROWTH_BYTES, () => growth);
say(report());
process.exitCode = findings.allHold ? 0 : 1;

async function soak(): Promise<Soaked> {
  const rounds = Math.min(ROUNDS, executions);
  await using running = await Soak.start({ executions, orchestrators, rounds }, findings);
  return await running.run(say);
}

function report(): string {
  const { pool, heapBytes, databaseFiles, requests, ended } = soaked;
  const { hits, misses, evictions, expirations } = pool;
  const heap = heapBytes.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ');
  const judged = executions >= ENOUGH_FOR_HEAP ? growth.toFixed(0) : `not judged, it takes ${ENOUGH_FOR_HEAP} executions`;
  const rows = [
    ['executions · orchestrators · kept', `${executions} · ${orchestrators} · ${POOL_SIZE}`],
    ['requests that reached the target', String(requests)],
    ['hits · misses', `${hits} · ${misses}`],
    ['evictions · expirations · explicit ends', `${evictions} · ${expirations} · ${ended}`],
    ['database files', String(databaseFiles)],
    ['heap after each round, MB', heap],
    ['growth of the heap, bytes for an execution', judged],
    ['minutes', ((performance.now() - began) / 60_000).toFixed(1)],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return ['', ...rows.map(([name, figure]) => `${name.padEnd(width)}  ${figure}`), '', ...findings.lines()].join('\n');
}

/** From the second quarter of the executions to the last: the first warms the server up. */
function growthOf(heap: readonly number[]): number {
  const quarter = (number: number): readonly number[] =>
    heap.slice(Math.floor((heap.length * (number - 1)) / 4), Math.floor((heap.length * number) / 4));
  return (median(quarter(4)) - median(quarter(2))) / (executions / 2);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${option} takes a whole number from 1 on, not '${text}'.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

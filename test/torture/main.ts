// `npm run torture [-- --cycles 200 --seed S --faults all --write]`: kills a server over and over while people run campaigns on it, spoils their
// memories one at a time, and checks after every blow that nothing is lost. Ends with 1 when something is.
import { parseArgs } from 'node:util';
import { faultsNamed } from './faults/faults.ts';
import { tryFault, type Verdict } from './faults/trial.ts';
import { sumOf } from './journal-figures.ts';
import { Ordeal, USERS } from './ordeal.ts';
import { writePage } from './reliability-page.ts';
import { commandOf, printed, type Report } from './report.ts';
import { scheduleOf } from './schedule.ts';
import { Violations } from './violations.ts';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    faults: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    'without-mounts': { type: 'boolean', default: false },
  },
});
const cycles = Number(values.cycles);
if (!Number.isSafeInteger(cycles) || cycles < 0) throw new Error('--cycles takes a number, 0 for none.');
const { seed } = values;
const faults = faultsNamed(values.faults, !values['without-mounts']);
if (values.write && (cycles === 0 || values.faults !== 'all')) throw new Error('--write takes a run with cycles and with --faults all.');

// An exit, unlike a signal, ends the server and unmounts what was mounted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const began = performance.now();
const violations = new Violations();
say(`Again: ${commandOf({ cycles, seed, faults: values.faults })}`);
const suffered = cycles > 0 ? await suffer() : null;
const verdicts: Verdict[] = [];
for (const fault of faults) {
  const verdict = await tryFault(fault, seed, violations);
  verdicts.push(verdict);
  say(`${verdict.name}: ${verdict.sentence} (${verdict.how}); ${verdict.seconds.toFixed(0)} s, ${violations.found.length} violations`);
}
const report: Report = {
  seed,
  cycles,
  faults: values.faults,
  seconds: (performance.now() - began) / 1_000,
  endings: suffered?.endings ?? new Map<string, number>(),
  mischief: suffered?.target.mischief ?? new Map<string, number>(),
  requests: suffered?.target.requests ?? 0,
  acknowledged: suffered?.acknowledged ?? 0,
  journal: suffered?.journal ?? sumOf([]),
  verdicts,
  checks: violations.checks,
  violations: violations.found,
};
process.stdout.write(printed(report));
if (values.write && violations.found.length === 0) await writePage(report);
process.exitCode = violations.found.length === 0 ? 0 : 1;

async function suffer() {
  await using ordeal = await Ordeal.start(seed, violations);
  for (const cycle of scheduleOf(seed, cycles, USERS.length)) {
    const at = performance.now();
    const alive = await ordeal.suffer(cycle);
    const seconds = ((performance.now() - at) / 1_000).toFixed(1);
    const { target, acknowledged } = ordeal;
    say(
      `cycle ${cycle.number} of ${cycles}: ${cycle.ending.kind}, ${seconds} s; so far ${target.requests} requests, ` +
        `${acknowledged} acknowledged, ${violations.found.length} violations`,
    );
    if (!alive) break;
  }
  const journal = await ordeal.conclude();
  const { endings, target, acknowledged } = ordeal;
  return { endings, target, acknowledged, journal };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

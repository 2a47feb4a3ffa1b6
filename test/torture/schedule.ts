import { seededRandom, type Random, type UnknownOutcomePolicy } from '#core';

/** The orchestrators that every campaigner has; what they are made of is said in `campaigner.ts`. */
export const ORCHESTRATORS = ['plain', 'converted', 'judged'] as const;
export type OrchestratorName = (typeof ORCHESTRATORS)[number];

/** Something a person does. `pick` chooses among what is there at that moment, modulo its number. */
export type Act =
  | {
      readonly kind: 'execute';
      readonly orchestrator: OrchestratorName;
      readonly prompts: number;
      readonly repeats: number;
      readonly policy: UnknownOutcomePolicy;
      readonly fromDataset: boolean;
    }
  | { readonly kind: 'upload'; readonly prompts: number }
  | { readonly kind: 'configure' }
  | { readonly kind: 'edit'; readonly pick: number }
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'read'; readonly pick: number };

/** An act of one person, so many milliseconds after the server was ready. */
export interface Appointment {
  readonly atMs: number;
  readonly user: number;
  readonly act: Act;
}

/**
 * How the life of a server ends: `kill` at a moment; `twice` at a moment and again while it starts or takes up its executions; `during` so many
 * milliseconds after an act was sent; `arrival` the same, of somebody's first request ever; `terminate` by SIGTERM.
 */
export type Ending =
  | { readonly kind: 'kill'; readonly atMs: number }
  | { readonly kind: 'terminate'; readonly atMs: number }
  | {
      readonly kind: 'twice';
      readonly atMs: number;
      readonly again: readonly { readonly whileStarting: boolean; readonly afterMs: number }[];
    }
  | { readonly kind: 'during'; readonly atMs: number; readonly user: number; readonly act: Act; readonly lagMs: number }
  | { readonly kind: 'arrival'; readonly atMs: number; readonly lagMs: number };

/** One life of the server and its end. */
export interface Cycle {
  /** 1 for the first. */
  readonly number: number;
  readonly appointments: readonly Appointment[];
  readonly ending: Ending;
}

/** How long a server lives at most before its end is due. */
const LONGEST_LIFE_MS = 2_500;
const MOST_ARRIVALS = 5;

/** What happens in each cycle: the same for the same seed, whatever came of the cycles before. */
export function scheduleOf(seed: string, cycles: number, users: number): Cycle[] {
  let arrivals = 0;
  return Array.from({ length: cycles }, (_, index) => {
    const random = seededRandom(`${seed}/cycle/${index}`);
    const ending = endingOf(random, users, arrivals < MOST_ARRIVALS);
    if (ending.kind === 'arrival') arrivals += 1;
    return { number: index + 1, appointments: appointmentsOf(random, users, ending.atMs), ending };
  });
}

function appointmentsOf(random: Random, users: number, untilMs: number): Appointment[] {
  const appointments: Appointment[] = [];
  for (let user = 0; user < users; user++) {
    for (let count = 1 + random.integer(3); count > 0; count--) {
      appointments.push({ atMs: random.integer(untilMs), user, act: actOf(random) });
    }
    // Just before the end: what was read then must still be there afterwards.
    appointments.push({ atMs: Math.max(0, untilMs - 60 - random.integer(200)), user, act: { kind: 'read', pick: random.integer(1_000) } });
  }
  return appointments.sort((a, b) => a.atMs - b.atMs);
}

function actOf(random: Random): Act {
  const kind = weighted(random, { execute: 40, read: 20, configure: 10, edit: 10, upload: 10, cancel: 10 });
  switch (kind) {
    case 'execute':
      return executeOf(random, 40 + random.integer(200));
    case 'upload':
      return { kind, prompts: 20 + random.integer(200) };
    case 'configure':
      return { kind };
    default:
      return { kind, pick: random.integer(1_000) };
  }
}

function executeOf(random: Random, items: number): Act {
  const orchestrator = random.pick(ORCHESTRATORS);
  const repeats = random.pick([1, 1, 1, 2]);
  const chains = orchestrator === 'converted' ? 3 : 1;
  return {
    kind: 'execute',
    orchestrator,
    prompts: Math.max(5, Math.round(items / chains / repeats)),
    repeats,
    policy: random.pick(['resend', 'mark'] as const),
    fromDataset: random.integer(3) === 0,
  };
}

function endingOf(random: Random, users: number, mayArrive: boolean): Ending {
  const kind = weighted(random, { kill: 40, during: 25, twice: 15, terminate: 15, arrival: mayArrive ? 10 : 0 });
  const atMs = 150 + random.integer(LONGEST_LIFE_MS - 150);
  switch (kind) {
    case 'twice':
      return {
        kind,
        atMs,
        again: Array.from({ length: 1 + random.integer(2) }, () => {
          const whileStarting = random.integer(3) === 0;
          return { whileStarting, afterMs: random.integer(whileStarting ? 1_200 : 250) };
        }),
      };
    case 'during':
      return { kind, atMs, user: random.integer(users), act: fragileAct(random), lagMs: random.integer(120) };
    case 'arrival':
      return { kind, atMs, lagMs: random.integer(300) };
    default:
      return { kind, atMs };
  }
}

/** What takes the server several steps: planning, reading a file, cancelling. */
function fragileAct(random: Random): Act {
  const kind = random.pick(['execute', 'upload', 'cancel'] as const);
  if (kind === 'execute') return executeOf(random, 900 + random.integer(600));
  return kind === 'upload' ? { kind, prompts: 5_000 + random.integer(15_000) } : { kind, pick: random.integer(1_000) };
}

function weighted<K extends string>(random: Random, weights: Readonly<Record<K, number>>): K {
  const entries = Object.entries(weights) as [K, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  throw new RangeError('There is nothing to choose from.');
}

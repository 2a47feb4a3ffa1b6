import { setTimeout as sleep } from 'node:timers/promises';
import { ServerProcess } from '../server/server-process.ts';
import { auditByApi } from './api-audit.ts';
import { Campaigner } from './campaigner.ts';
import { JournalAudit, type Ended } from './journal-audit.ts';
import { sumOf, type JournalFigures } from './journal-figures.ts';
import { memoryFiles, strayFiles } from './memory-files.ts';
import { Reaper } from './reaper.ts';
import type { Act, Appointment, Cycle } from './schedule.ts';
import { TortureTarget } from './torture-target.ts';
import type { Violations } from './violations.ts';

export const USERS = ['ada', 'ben', 'cleo'] as const;

/** Longer than any request of a campaigner's generators may take. */
const DRAIN_SECONDS = '5';
/** Longer than the pause before any retry. */
const QUIET_MS = 5_500;
/** How long everything may stand still at the end. */
const STANDSTILL_MS = 60_000;
const POLL_MS = 250;
/** That it is ready; and, twice, that a request was refused because it ends: any other refusal is found by whoever is refused. */
const EXPECTED_LINE = /"msg":"ready"|"problem":"\/problems\/unavailable"|"res":\{"status":503\}/;

/** A server that is killed over and over, the people who use it, and those who watch what it remembers. */
export class Ordeal implements AsyncDisposable {
  readonly violations: Violations;
  readonly target: TortureTarget;
  readonly #server: ServerProcess;
  readonly #people: { readonly campaigner: Campaigner; readonly audit: JournalAudit }[] = [];
  readonly #reaper: Reaper;

  private constructor(server: ServerProcess, target: TortureTarget, violations: Violations) {
    this.violations = violations;
    this.#server = server;
    this.target = target;
    const witnesses = {
      perform: (user: number, act: Act) => this.#perform(user, act),
      arrive: () => this.#join(`newcomer ${this.#people.length}`).perform({ kind: 'configure' }),
      tolerate: (refusals: boolean) => {
        for (const { campaigner } of this.#people) campaigner.tolerant = refusals;
      },
    };
    this.#reaper = new Reaper(server, witnesses, violations);
  }

  /** Starts a target, a server on an empty directory, and people with their configurations. */
  static async start(seed: string, violations: Violations): Promise<Ordeal> {
    const target = await TortureTarget.start(seed);
    const server = await ServerProcess.start({ env: { LOG_LEVEL: 'error', SHUTDOWN_DRAIN_SECONDS: DRAIN_SECONDS } });
    const ordeal = new Ordeal(server, target, violations);
    for (const name of USERS) await ordeal.#join(name).prepare();
    return ordeal;
  }

  /** How often the server was ended, by how. */
  get endings(): ReadonlyMap<string, number> {
    return this.#reaper.endings;
  }

  /** How many acknowledgements and results are held against the server. */
  get acknowledged(): number {
    return this.#people.reduce((sum, { campaigner }) => sum + campaigner.ledger.size, 0);
  }

  /** Lets the server live and die once, and audits what it has left. @returns false when it is not to be brought up again. */
  async suffer(cycle: Cycle): Promise<boolean> {
    this.violations.cycle = cycle.number;
    if (!(await this.#reaper.boot())) return false;
    const over = new AbortController();
    // Who comes back right after a crash finds the executions being taken up.
    const life = Promise.all(this.#people.map((_, user) => this.#live(user, cycle.appointments, over.signal)));
    const alive = await this.#reaper.end(cycle.ending);
    over.abort();
    await life;
    if (!alive) return false;
    await this.#inspect({ drainedSince: cycle.ending.kind === 'terminate' ? this.#reaper.since : null, done: false });
    return true;
  }

  /** Lets everything come to its end with nobody asking for it, and looks at the whole. @returns what the journals hold in the end. */
  async conclude(): Promise<JournalFigures> {
    this.violations.cycle = 0;
    if (!(await this.#reaper.boot())) return sumOf([]);
    await this.#quiet();
    await this.#settled();
    const audited = await this.#auditByApi();
    this.violations.check('the server answers to the end', audited, () => 'The last audit was cut short.');
    await this.#reaper.terminate();
    const errors = this.#server.log.filter((line) => !EXPECTED_LINE.test(line));
    this.violations.check('the server logs no error but refusals while it ends', errors.length === 0, () => errors.slice(0, 5));
    return sumOf(await this.#inspect({ drainedSince: this.#reaper.since, done: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.target[Symbol.asyncDispose]();
  }

  #join(name: string): Campaigner {
    const campaigner = new Campaigner(name, this.#server.client(name), this.target, this.violations);
    this.#people.push({ campaigner, audit: new JournalAudit(campaigner, this.target, this.violations) });
    return campaigner;
  }

  /** One person looks for what was promised, and then keeps the appointments, one after the other, until the server is gone. */
  async #live(user: number, appointments: readonly Appointment[], over: AbortSignal): Promise<void> {
    const began = performance.now();
    const person = this.#people[user];
    if (!person || !(await auditByApi(person.campaigner, this.violations))) return;
    for (const { act, atMs } of appointments.filter((appointment) => appointment.user === user)) {
      await sleep(Math.max(0, atMs - (performance.now() - began)), undefined, { signal: over }).catch(() => undefined);
      if (over.aborted || !(await this.#perform(user, act))) return;
    }
  }

  async #perform(user: number, act: Act): Promise<boolean> {
    return (await this.#people[user]?.campaigner.perform(act)) ?? false;
  }

  async #auditByApi(): Promise<boolean> {
    const audits = await Promise.all(this.#people.map(({ campaigner }) => auditByApi(campaigner, this.violations)));
    return audits.every(Boolean);
  }

  /** Looks into everybody's file. */
  async #inspect(ended: Ended): Promise<JournalFigures[]> {
    const files = await memoryFiles(this.#server.memoryDir);
    const known = this.#people.map(({ campaigner }) => campaigner.ledger.location).filter((location) => location !== null);
    const whole = new Set(known).size === known.length && known.every((location) => files.includes(location));
    this.violations.check('there is one file for each person', whole && files.length <= this.#people.length, () => ({ files, known }));
    const strays = ended.done ? await strayFiles(this.#server.memoryDir) : [];
    this.violations.check('in the end nothing lies beside the memories', strays.length === 0, () => strays);
    const figures: JournalFigures[] = [];
    for (const { campaigner, audit } of this.#people) {
      const { location } = campaigner.ledger;
      if (location !== null && files.includes(location)) figures.push(await audit.inspect(location, ended));
    }
    return figures;
  }

  /** Waits until the target is left alone. Meanwhile nobody asks the server for anything. */
  async #quiet(): Promise<void> {
    for (let requests = -1; requests !== this.target.requests;) {
      requests = this.target.requests;
      await sleep(QUIET_MS);
    }
  }

  /** Waits until every execution has ended. */
  async #settled(): Promise<void> {
    let stand = '';
    for (let since = performance.now(); ;) {
      const lists = await Promise.all(this.#people.map(({ campaigner }) => campaigner.list<{ state: string }>('/api/v2/executions')));
      if (lists.flat().every((execution) => execution !== null && ['completed', 'cancelled'].includes(execution.state))) return;
      const now = JSON.stringify(lists);
      if (now !== stand) since = performance.now();
      stand = now;
      const patient = performance.now() - since < STANDSTILL_MS;
      if (!patient) {
        this.violations.note('every execution comes to its end by itself', now);
        return;
      }
      await sleep(POLL_MS);
    }
  }
}

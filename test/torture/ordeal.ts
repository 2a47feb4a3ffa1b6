import { setTimeout as sleep } from 'node:timers/promises';
import { ServerProcess, ServerRefused } from '../server/server-process.ts';
import { auditByApi } from './api-audit.ts';
import { Campaigner } from './campaigner.ts';
import { JournalAudit, type Ended } from './journal-audit.ts';
import { sumOf, type JournalFigures } from './journal-figures.ts';
import { memoryFiles } from './memory-files.ts';
import type { Act, Appointment, Cycle, Ending } from './schedule.ts';
import { TortureTarget } from './torture-target.ts';
import type { Violations } from './violations.ts';

export const USERS = ['ada', 'ben', 'cleo'] as const;

/** Longer than any request of a campaigner's generators may take. */
const DRAIN_SECONDS = '5';
/** How long everything may stand still at the end. */
const STANDSTILL_MS = 60_000;
const POLL_MS = 250;

/** A server that is killed over and over, the people who use it, and those who watch what it remembers. */
export class Ordeal implements AsyncDisposable {
  readonly violations: Violations;
  /** How often the server was ended, by how. */
  readonly endings = new Map<string, number>();
  readonly target: TortureTarget;
  readonly #server: ServerProcess;
  readonly #people: { readonly campaigner: Campaigner; readonly audit: JournalAudit }[] = [];
  /** Since when the server lives, as ISO 8601 UTC. */
  #since = new Date().toISOString();

  private constructor(server: ServerProcess, target: TortureTarget, violations: Violations) {
    this.violations = violations;
    this.#server = server;
    this.target = target;
  }

  /** Starts a target, a server on an empty directory, and people with their configurations. */
  static async start(seed: string, violations: Violations): Promise<Ordeal> {
    const target = await TortureTarget.start(seed);
    const server = await ServerProcess.start({ env: { LOG_LEVEL: 'error', SHUTDOWN_DRAIN_SECONDS: DRAIN_SECONDS } });
    const ordeal = new Ordeal(server, target, violations);
    for (const name of USERS) await ordeal.#join(name).prepare();
    return ordeal;
  }

  /** How many acknowledgements and results are held against the server. */
  get acknowledged(): number {
    return this.#people.reduce((sum, { campaigner }) => sum + campaigner.ledger.size, 0);
  }

  /** Lets the server live and die once, and audits what it has left. @returns false when it is not to be brought up again. */
  async suffer(cycle: Cycle): Promise<boolean> {
    this.violations.cycle = cycle.number;
    if (!this.#server.running && !(await this.#boot())) return false;
    const over = new AbortController();
    // Who comes back right after a crash finds the executions being taken up.
    const life = Promise.all(this.#people.map((_, user) => this.#live(user, cycle.appointments, over.signal)));
    const alive = await this.#end(cycle.ending);
    over.abort();
    await life;
    if (!alive) return false;
    await this.#inspect({ drainedSince: cycle.ending.kind === 'terminate' ? this.#since : null, done: false });
    return true;
  }

  /** Lets everything come to its end with nobody asking for it, and looks at the whole. @returns what the journals hold in the end. */
  async conclude(): Promise<JournalFigures> {
    this.violations.cycle = 0;
    if (!this.#server.running && !(await this.#boot())) return sumOf([]);
    await this.#settled();
    const audited = await this.#auditByApi();
    this.violations.check('the server answers to the end', audited, () => 'The last audit was cut short.');
    await this.#terminate();
    const errors = this.#server.log.filter((line) => !/"msg":"ready"|"problem":"\/problems\/unavailable"/.test(line));
    this.violations.check('the server logs no error but that it ends', errors.length === 0, () => errors.slice(0, 5));
    return sumOf(await this.#inspect({ drainedSince: this.#since, done: true }));
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

  async #boot(): Promise<boolean> {
    this.#since = new Date().toISOString();
    const refusal = await this.#server.boot().then(
      () => null,
      (error: unknown) => error,
    );
    this.violations.check('the server is ready after every restart', refusal === null, () => String(refusal));
    return refusal === null;
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

  /** @returns false when the server is not to be brought up again. */
  async #end(ending: Ending): Promise<boolean> {
    await sleep(ending.atMs);
    switch (ending.kind) {
      case 'kill':
        await this.#kill('at a random moment');
        return true;
      case 'terminate':
        await this.#terminate();
        return true;
      case 'twice':
        await this.#kill('at a random moment');
        for (const { whileStarting, afterMs } of ending.again) {
          if (!(await this.#killAgain(whileStarting, afterMs))) return false;
        }
        return true;
      case 'during':
        await this.#killDuring(this.#perform(ending.user, ending.act), ending.lagMs, NAMES[ending.act.kind]);
        return true;
      case 'arrival': {
        const newcomer = this.#join(`newcomer ${this.#people.length}`);
        await this.#killDuring(newcomer.perform({ kind: 'configure' }), ending.lagMs, "during somebody's first request");
        return true;
      }
    }
  }

  async #killDuring(work: Promise<unknown>, lagMs: number, name: string): Promise<void> {
    await sleep(lagMs);
    await this.#kill(name);
    await work;
  }

  async #killAgain(whileStarting: boolean, afterMs: number): Promise<boolean> {
    if (!whileStarting) {
      if (!(await this.#boot())) return false;
      await sleep(afterMs);
      await this.#kill('while executions were being taken up');
      return true;
    }
    const booting = this.#server.boot().catch((error: unknown) => {
      if (!(error instanceof ServerRefused)) throw error;
    });
    await sleep(afterMs);
    await this.#kill('while it was starting');
    await booting;
    return true;
  }

  async #kill(name: string): Promise<void> {
    this.#count(`SIGKILL ${name}`);
    await this.#server.kill();
  }

  async #terminate(): Promise<void> {
    this.#count('SIGTERM');
    for (const { campaigner } of this.#people) campaigner.tolerant = true;
    const exitCode = await this.#server.stop();
    for (const { campaigner } of this.#people) campaigner.tolerant = false;
    this.violations.check('a server that is told to end exits with 0', exitCode === 0, () => ({ exitCode }));
  }

  #count(ending: string): void {
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
  }

  /** Looks into everybody's file. */
  async #inspect(ended: Ended): Promise<JournalFigures[]> {
    const files = await memoryFiles(this.#server.memoryDir);
    const known = this.#people.map(({ campaigner }) => campaigner.ledger.location).filter((location) => location !== null);
    const whole = new Set(known).size === known.length && known.every((location) => files.includes(location));
    this.violations.check('there is one file for each person', whole && files.length <= this.#people.length, () => ({ files, known }));
    const figures: JournalFigures[] = [];
    for (const { campaigner, audit } of this.#people) {
      const { location } = campaigner.ledger;
      if (location !== null && files.includes(location)) figures.push(await audit.inspect(location, ended));
    }
    return figures;
  }

  /** Waits until every execution has ended; nothing is asked of the server but how it stands. */
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

const NAMES: Readonly<Record<Act['kind'], string>> = {
  execute: 'while an execution was being planned',
  upload: 'during an upload',
  cancel: 'during a cancellation',
  configure: 'while a configuration was being made',
  edit: 'while a configuration was being changed',
  read: 'while results were being read',
};

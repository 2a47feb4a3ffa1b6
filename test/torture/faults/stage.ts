import { setTimeout as sleep } from 'node:timers/promises';
import { ServerProcess } from '../../server/server-process.ts';
import { auditByApi } from '../api-audit.ts';
import { Campaigner } from '../campaigner.ts';
import { JournalAudit } from '../journal-audit.ts';
import type { Act } from '../schedule.ts';
import { TortureTarget } from '../torture-target.ts';
import type { Violations } from '../violations.ts';

const CAMPAIGN: Act = { kind: 'execute', orchestrator: 'plain', prompts: 150, repeats: 1, policy: 'resend', fromDataset: false };
const SHORT: Act = { ...CAMPAIGN, prompts: 30, fromDataset: true };
/** Makes a campaign last for a few seconds. */
const SLOW_MS = 80;
const PATIENCE_MS = 90_000;
const POLL_MS = 50;

/** How long, in seconds, the server waits for a memory that another process holds. */
const HELD_SECONDS = '1';

/** A server with a victim and a neighbour, each with something to lose: configurations, a finished campaign and, if wanted, a running one. */
export class Stage implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly target: TortureTarget;
  readonly victim: Campaigner;
  readonly neighbour: Campaigner;
  readonly violations: Violations;
  readonly seed: string;
  readonly #audits: readonly JournalAudit[];

  private constructor(server: ServerProcess, target: TortureTarget, violations: Violations, seed: string) {
    this.server = server;
    this.target = target;
    this.violations = violations;
    this.seed = seed;
    this.victim = new Campaigner('victim', server.client('victim'), target, violations);
    this.neighbour = new Campaigner('neighbour', server.client('neighbour'), target, violations);
    this.#audits = [this.victim, this.neighbour].map((person) => new JournalAudit(person, target, violations));
  }

  static async start(seed: string, violations: Violations): Promise<Stage> {
    const target = await TortureTarget.start(null);
    const env = { DB_CONNECTION_TIMEOUT: HELD_SECONDS, DB_MAX_RETRIES: '1' };
    return new Stage(await ServerProcess.start({ env }), target, violations, seed);
  }

  /** Where the victim's memory is. */
  get memory(): string {
    if (this.victim.ledger.location === null) throw new Error('The victim has no memory yet.');
    return this.victim.ledger.location;
  }

  /** Gives both something to lose. @param running whether the victim's long campaign is under way, besides the neighbour's. */
  async prepare(running: boolean): Promise<void> {
    const begun = [this.victim, this.neighbour].map(async (person) => {
      await person.prepare();
      await person.perform(SHORT);
      await this.ended(person);
    });
    await Promise.all(begun);
    this.target.extraDelayMs = SLOW_MS;
    await this.audit(this.victim, this.neighbour);
    if (running) await this.victim.perform(CAMPAIGN);
    await this.neighbour.perform(CAMPAIGN);
  }

  /** Compares what these people are told with what they were promised; nothing may be refused. */
  async audit(...people: readonly Campaigner[]): Promise<void> {
    for (const person of people) {
      const whole = await auditByApi(person, this.violations);
      this.violations.check('everything can be read', whole, () => ({ user: person.name, log: this.server.log.slice(-5) }));
    }
  }

  /** Waits, by the server's log, so that nobody asks for it, until all that a person has begun has ended. */
  async ended(person: Campaigner): Promise<void> {
    const ids = [...person.ledger.executions.keys()];
    const isOver = (id: string): boolean =>
      this.server.log.some((line) => line.includes('"execution ended"') && line.includes(id) && !line.includes('interrupted'));
    for (const deadline = performance.now() + PATIENCE_MS; !ids.every(isOver);) {
      if (performance.now() > deadline) {
        this.violations.note('a campaign goes on by itself', { user: person.name, log: this.server.log.slice(-5) });
        return;
      }
      await sleep(POLL_MS);
    }
  }

  /** Ends the server, and looks into the files of both, which were opened once more: half of what was refused may have stayed until then. */
  async inspect(): Promise<void> {
    await this.server.restart();
    await this.audit(this.victim, this.neighbour);
    await this.server.stop();
    for (const [index, person] of [this.victim, this.neighbour].entries()) {
      await this.#audits[index]?.inspect(person.ledger.location ?? '', { drainedSince: null, done: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.target[Symbol.asyncDispose]();
  }
}

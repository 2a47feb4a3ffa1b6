import { setTimeout as sleep } from 'node:timers/promises';
import { ServerRefused, type ServerProcess } from '../server/server-process.ts';
import type { Act, Ending } from './schedule.ts';
import type { Violations } from './violations.ts';

/** Those who use the server while it ends. */
export interface Witnesses {
  perform(user: number, act: Act): Promise<unknown>;
  /** Somebody's first request ever. */
  arrive(): Promise<unknown>;
  /** Whether 503 is to be expected from now on. */
  tolerate(refusals: boolean): void;
}

/** Starts a server and ends it, as an ending says. */
export class Reaper {
  /** How often the server was ended, by how. */
  readonly endings = new Map<string, number>();
  readonly #server: ServerProcess;
  readonly #witnesses: Witnesses;
  readonly #violations: Violations;
  #since = new Date().toISOString();

  constructor(server: ServerProcess, witnesses: Witnesses, violations: Violations) {
    this.#server = server;
    this.#witnesses = witnesses;
    this.#violations = violations;
  }

  /** Since when the server lives or lived, as ISO 8601 UTC. */
  get since(): string {
    return this.#since;
  }

  /** Starts the server unless it runs. @returns false when it does not start. */
  async boot(): Promise<boolean> {
    if (this.#server.running) return true;
    this.#since = new Date().toISOString();
    const refusal = await this.#server.boot().then(
      () => null,
      (error: unknown) => error,
    );
    this.#violations.check('the server is ready after every restart', refusal === null, () => String(refusal));
    return refusal === null;
  }

  /** Waits for the moment of an ending and ends the server. @returns false when it did not start again in between. */
  async end(ending: Ending): Promise<boolean> {
    await sleep(ending.atMs);
    if (ending.kind === 'terminate') await this.terminate();
    else if (ending.kind === 'kill') await this.#kill('at a random moment');
    else if (ending.kind === 'twice') return this.#killTwice(ending);
    else if (ending.kind === 'arrival') await this.#killDuring(this.#witnesses.arrive(), ending.lagMs, "during somebody's first request");
    else await this.#killDuring(this.#witnesses.perform(ending.user, ending.act), ending.lagMs, DURING[ending.act.kind]);
    return true;
  }

  /** SIGTERM, and what follows from it. */
  async terminate(): Promise<void> {
    this.#count('SIGTERM');
    this.#witnesses.tolerate(true);
    const exitCode = await this.#server.stop();
    this.#witnesses.tolerate(false);
    this.#violations.check('a server that is told to end exits with 0', exitCode === 0, () => ({ exitCode }));
  }

  async #killTwice({ again }: Ending & { readonly kind: 'twice' }): Promise<boolean> {
    await this.#kill('at a random moment');
    for (const { whileStarting, afterMs } of again) {
      if (whileStarting) await this.#killStarting(afterMs);
      else if (await this.boot()) {
        await sleep(afterMs);
        await this.#kill('while executions were being taken up');
      } else return false;
    }
    return true;
  }

  async #killStarting(afterMs: number): Promise<void> {
    const booting = this.#server.boot().catch((error: unknown) => {
      if (!(error instanceof ServerRefused)) throw error;
    });
    await sleep(afterMs);
    await this.#kill('while it was starting');
    await booting;
  }

  async #killDuring(work: Promise<unknown>, lagMs: number, name: string): Promise<void> {
    await sleep(lagMs);
    await this.#kill(name);
    await work;
  }

  async #kill(name: string): Promise<void> {
    this.#count(`SIGKILL ${name}`);
    await this.#server.kill();
  }

  #count(ending: string): void {
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
  }
}

const DURING: Readonly<Record<Act['kind'], string>> = {
  execute: 'while an execution was being planned',
  upload: 'during an upload',
  cancel: 'during a cancellation',
  configure: 'while a configuration was being made',
  edit: 'while a configuration was being changed',
  read: 'while results were being read',
};

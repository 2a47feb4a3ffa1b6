import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '#core';
import type { OrchestratorPoolDto } from '../../src/orchestrator-pool/orchestrator-pool.dto.js';
import type { Client } from '../server/client.ts';
import { ServerProcess } from '../server/server-process.ts';
import { OpenAiTarget } from '../targets/openai-target.ts';
import type { Findings } from './findings.ts';
import { HEAP_ENV, heapBytes } from './heap.ts';
import { ITEMS, Person, POOL } from './person.ts';

export const POOL_SIZE = 5;
const PEOPLE = 5;
const WORKERS = 8;
const WATCH_MS = 250;
/** How often, in executions, an orchestrator is edited before, or what is kept of it is dropped. */
const EDIT_EVERY = 10;
const END_EVERY = 15;

export interface SoakOptions {
  readonly executions: number;
  readonly orchestrators: number;
  readonly rounds: number;
}

/** What a soak has measured. */
export interface Soaked {
  /** After each round, when nothing runs. */
  readonly heapBytes: readonly number[];
  readonly databaseFiles: number;
  readonly requests: number;
  readonly ended: number;
  readonly pool: OrchestratorPoolDto;
}

/** A server with a small pool, and people with many orchestrators who run them over and over. */
export class Soak implements AsyncDisposable {
  readonly #random = seededRandom('soak');
  readonly #options: SoakOptions;
  readonly #server: ServerProcess;
  readonly #target: OpenAiTarget;
  readonly #findings: Findings;
  readonly #people: Person[] = [];
  #executed = 0;
  #last = 0;

  private constructor(options: SoakOptions, server: ServerProcess, target: OpenAiTarget, findings: Findings) {
    this.#options = options;
    this.#server = server;
    this.#target = target;
    this.#findings = findings;
  }

  static async start(options: SoakOptions, findings: Findings): Promise<Soak> {
    const target = await OpenAiTarget.start(({ content }) => ({ reply: `You said: ${content}` }));
    const env = { ...HEAP_ENV, ADMIN_USERS: 'root', ORCHESTRATOR_POOL_SIZE: String(POOL_SIZE) };
    const soak = new Soak(options, await ServerProcess.start({ env }), target, findings);
    for (let number = 0; number < PEOPLE; number++) {
      const share = Math.floor((options.orchestrators + number) / PEOPLE);
      if (share > 0) soak.#people.push(await Person.with(soak.#server.client(`person ${number}`), share, target.baseUrl));
    }
    return soak;
  }

  /** @param said is told how it goes. */
  async run(said: (line: string) => void): Promise<Soaked> {
    const { executions, rounds } = this.#options;
    const heap: number[] = [];
    const files = await this.#databaseFiles();
    for (let round = 1; round <= rounds; round++) {
      await this.#round(Math.round((executions * round) / rounds));
      await this.#expectSums();
      heap.push(await heapBytes(this.#server));
      const { totalInstances, hits, misses, evictions } = await this.#pool();
      const megabytes = ((heap.at(-1) ?? 0) / 1e6).toFixed(1);
      said(`${this.#executed} executions: ${hits} hits, ${misses} misses, ${evictions} evictions, ${totalInstances} kept, ${megabytes} MB`);
    }
    const after = await this.#databaseFiles();
    this.#findings.check('no database file was added or lost', after.join() === files.join(), () => ({ before: files, after }));
    const { requests } = this.#target;
    this.#findings.check('every item was sent once', requests === executions * ITEMS, () => ({ requests, executions }));
    const soaked = { heapBytes: heap, databaseFiles: after.length, requests, ended: this.#told('ended'), pool: await this.#pool() };
    const exitCode = await this.#server.stop();
    this.#findings.check('the server ends with 0', exitCode === 0, () => exitCode);
    const { totalInstances } = soaked.pool;
    const over = this.#told('ended') + this.#told('evicted') + this.#told('expired');
    this.#findings.check('what was compiled is dropped once, the last at the end', this.#told('created') === over, () => ({
      over,
      totalInstances,
    }));
    return soaked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  get #root(): Client {
    return this.#server.client('root');
  }

  /** Runs executions, a few at a time, until there were so many, and watches the pool meanwhile. */
  async #round(until: number): Promise<void> {
    let left = until - this.#executed;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await this.#execute();
    };
    const over = new AbortController();
    const watching = this.#watch(over.signal);
    await Promise.all(Array.from({ length: WORKERS }, worker));
    over.abort();
    await watching;
  }

  async #execute(): Promise<void> {
    const number = ++this.#executed;
    const { orchestrators } = this.#options;
    // Half of the time what was used last, as people do.
    if (this.#random.integer(2) === 0) this.#last = this.#random.integer(orchestrators);
    const all = this.#people.flatMap((person) => person.orchestrators.map((id) => ({ person, id })));
    const chosen = all[this.#last];
    if (!chosen) throw new RangeError('There is no such orchestrator.');
    const { person, id } = chosen;
    if (number % EDIT_EVERY === 0) await person.edit(id);
    const scored = await person.execute(id);
    this.#findings.check('every execution ends with every item scored', scored, () => ({ number }));
    if (number % END_EVERY === 0) await person.end(id);
  }

  async #watch(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const stats = await this.#pool();
      this.#findings.check(
        'there are never more than are kept, but for what is in use',
        stats.totalInstances <= Math.max(POOL_SIZE, stats.inUse),
        () => stats,
      );
      await delay(WATCH_MS, undefined, { signal: over }).catch(() => undefined);
    }
  }

  /** What must add up when nothing runs. */
  async #expectSums(): Promise<void> {
    const pool = await this.#idlePool();
    const { hits, misses, evictions, expirations, totalInstances, disposalErrors } = pool;
    const executions = this.#executed;
    const check = (claim: string, holds: boolean): void => this.#findings.check(claim, holds, () => ({ executions, pool }));
    check('nothing stays in use', pool.inUse === 0);
    check('each execution is planned and run on what was kept or compiled', hits + misses === 2 * executions);
    check('what was compiled is there, or was dropped', misses === totalInstances + evictions + expirations + this.#told('ended'));
    check('the log tells the same', this.#told('created') === misses && this.#told('evicted') === evictions);
    check('everything is disposed without an error', disposalErrors === 0);
    const own = await Promise.all(this.#people.map((person) => person.pool()));
    const sum = (count: 'hits' | 'misses' | 'evictions' | 'totalInstances'): number => own.reduce((total, each) => total + each[count], 0);
    check(
      'what each person sees adds up to what the administrator sees',
      sum('hits') === hits && sum('misses') === misses && sum('evictions') === evictions && sum('totalInstances') === totalInstances,
    );
  }

  #pool(): Promise<OrchestratorPoolDto> {
    return this.#root.get(POOL);
  }

  /** An execution gives back what it had just after it has ended. */
  async #idlePool(): Promise<OrchestratorPoolDto> {
    let stats = await this.#pool();
    for (let tries = 0; tries < 100 && stats.inUse > 0; tries++) {
      await delay(50);
      stats = await this.#pool();
    }
    // Lines of the log are read a little later than answers.
    await delay(100);
    return stats;
  }

  /** How often the log told an event of a compiled orchestrator. */
  #told(kind: string): number {
    return this.#server.log.filter((line) => line.includes(`"compiled orchestrator ${kind}"`)).length;
  }

  async #databaseFiles(): Promise<string[]> {
    const entries = await readdir(this.#server.dataDir, { recursive: true });
    return entries.filter((name) => name.endsWith('.db')).sort();
  }
}

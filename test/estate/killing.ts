import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '#core';
import { Audit } from './audit.ts';
import { digestsOf } from './digest.ts';
import type { Estate } from './estate.ts';
import { closeMemories, openMemories } from './memories.ts';
import { Operator, type Report } from './operator.ts';

/** By person, by table. */
export type Content = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A run that was killed and gone on with until it was done. */
export interface Round {
  /** When it was killed, in milliseconds after each start; those that it outran are not here. */
  readonly kills: readonly number[];
  readonly state: string;
  readonly content: Content;
  /** Where it is not as it is true, see `Audit`. */
  readonly wrong: readonly string[];
}

/** Before that a command has not begun with anything; a share of the time that an uninterrupted run takes. */
const EARLIEST = 0.1;
const MOST_ATTEMPTS = 3;
/** Some hundred rows make a log of more than that; the tables of a memory are written into its file when they are made. */
const MADE_WITH_BYTES = 100_000;
const POLL_MS = 5;
const COMMIT_MS = 100;

/** Runs of one and the same plan, each on a copy of what the operator had when it was made. */
export class Killing implements AsyncDisposable {
  readonly #estate: Estate;
  readonly #folder: string;
  readonly #planId: string;
  #runs = 0;

  private constructor(estate: Estate, folder: string, planId: string) {
    this.#estate = estate;
    this.#folder = folder;
    this.#planId = planId;
  }

  /** Says who is who and makes a plan. */
  static async prepare(estate: Estate): Promise<Killing> {
    const folder = await mkdtemp(join(tmpdir(), 'violentutf-killing-'));
    try {
      await using operator = await Operator.at({ root: estate.root, salts: estate.salts, dataDir: join(folder, 'planned') });
      await operator.bind(estate.bindings);
      const { planId } = await operator.migrate<{ planId: string }>('plan');
      return new Killing(estate, folder, planId);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs the plan as if nothing were, and looks for what is wrong. */
  async uninterrupted(): Promise<{ readonly content: Content; readonly tookMs: number; readonly wrong: readonly string[] }> {
    let tookMs = 0;
    const { content, wrong } = await this.#onACopy(async (operator) => {
      const began = performance.now();
      const report = await this.#finish(operator);
      tookMs = performance.now() - began;
      return report;
    });
    return { content, tookMs, wrong };
  }

  /**
   * Kills runs at moments that are spread over the time that one takes, every second one twice, and every third one first when somebody's memory has
   * just received rows. One that outran its kill is taken for what a run takes by now, and tried again.
   * @param tookMs of an uninterrupted run
   */
  async *rounds(count: number, tookMs: number, seed: string): AsyncGenerator<Round> {
    const random = seededRandom(seed);
    let expectedMs = tookMs;
    for (let round = 0; round < count; round++) {
      const first = EARLIEST + ((1 - EARLIEST) * (round + random.next())) / count;
      const shares = [first, ...(round % 2 === 1 ? [EARLIEST + (1 - EARLIEST) * random.next()] : [])];
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
        const kills: number[] = [];
        const after = await this.#onACopy(async (operator) => {
          for (const share of shares) {
            const atRows = round % 3 === 0 && share === first;
            const { isKilled, afterMs } = await this.#killed(operator, share * expectedMs, atRows);
            if (isKilled) kills.push(Math.round(afterMs));
            else if (kills.length === 0) expectedMs = afterMs;
          }
          return this.#finish(operator);
        });
        if (kills.length === 0 && attempt < MOST_ATTEMPTS) continue;
        yield { kills, ...after };
        break;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #onACopy(work: (operator: Operator) => Promise<Report>): Promise<Omit<Round, 'kills'>> {
    this.#runs += 1;
    const dataDir = join(this.#folder, `run-${this.#runs}`);
    await cp(join(this.#folder, 'planned'), dataDir, { recursive: true });
    await using operator = await Operator.at({ root: this.#estate.root, salts: this.#estate.salts, dataDir });
    const report = await work(operator);
    const memories = await openMemories(operator);
    const content: Record<string, Readonly<Record<string, string>>> = {};
    for (const memory of memories) content[memory.owner] = await digestsOf(memory);
    const wrong = await new Audit(this.#estate, memories, report).everything();
    await closeMemories(memories);
    await rm(dataDir, { recursive: true, force: true });
    return { state: report.state, content, wrong };
  }

  #finish(operator: Operator): Promise<Report> {
    return operator.migrate<Report>('run', this.#planId);
  }

  /** Runs the plan until it is killed, if it has not ended before. @param atRows as soon as rows are received, whenever that is */
  async #killed(operator: Operator, lifeMs: number, atRows: boolean): Promise<{ readonly isKilled: boolean; readonly afterMs: number }> {
    const began = performance.now();
    const command = operator.begin('run', this.#planId);
    const over = new AbortController();
    const ended = command.ended.finally(() => over.abort());
    await Promise.race([ended, atRows ? received(operator.memoryDir, over.signal) : sleep(lifeMs)]);
    command.kill();
    const { exitCode, stderr } = await ended;
    if (exitCode !== null && exitCode !== 0) throw new Error(`migrate run ended with ${exitCode}: ${stderr}`);
    return { isKilled: exitCode === null, afterMs: performance.now() - began };
  }
}

/** Waits until a memory has more in its log than what it is made with. */
async function received(memoryDir: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const names = await readdir(memoryDir).catch(() => []);
    const logs = names.filter((name) => name.endsWith('.wal'));
    const sizes = await Promise.all(
      logs.map((name) =>
        stat(join(memoryDir, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    // A little later: what is only half written was not received.
    if (sizes.some((size) => size > MADE_WITH_BYTES)) return sleep(COMMIT_MS);
    await sleep(POLL_MS);
  }
}

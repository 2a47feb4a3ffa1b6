import type { Commit, Rows } from './database.js';
import { DatabaseClosing } from './errors.js';

/** What the queue drives: the one writing connection of a database. */
export interface WriterConnection {
  begin(): Promise<void>;
  insert(rows: Rows<Record<string, unknown>>): Promise<void>;
  commit(): Promise<void>;
  /** Never throws: a connection that can't roll back is useless, which the next statement will show. */
  rollback(): Promise<void>;
  /** Told before each commit and other work, which waits for what it returns. Never throws. */
  resting(): Promise<void> | null;
  /** Told after each commit and other work; the next one waits for what it returns. Never throws. */
  settled(): Promise<void> | null;
}

interface Append {
  readonly rows: Rows<Record<string, unknown>>;
  readonly weight: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Exclusive {
  readonly work: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

type Job = Append | Exclusive;

/** A commit takes in waiting appends up to this weight (characters of text, plus a constant per row). */
const MAX_COMMIT_WEIGHT = 4 * 1024 * 1024;
const ROW_WEIGHT = 256;

/**
 * The one writer of a database: jobs run in order of arrival, and appends that wait together are committed together. There is no timer: while
 * one commit is on its way to the disk, the next one gathers.
 */
export class WriterQueue {
  #jobs: Job[] = [];
  #running: Promise<void> | null = null;
  #closed = false;
  /** How many commits were made for how many appends, for metrics and benchmarks. */
  readonly counts = { appends: 0, commits: 0 };

  /** @param onCommit is told of each group commit when it is durable. It must not throw, and not take long: the next commit waits for it. */
  constructor(
    readonly connection: WriterConnection,
    private readonly onCommit: (commit: Commit) => void = () => undefined,
  ) {}

  /** Queues rows; resolves when they are durable. */
  append(rows: Rows<Record<string, unknown>>): Promise<void> {
    return new Promise((resolve, reject) => this.#push({ rows, weight: weigh(rows), resolve, reject }));
  }

  /** Queues work that needs the connection for itself. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#push({ work: () => work().then(resolve, reject), reject });
    });
  }

  /** Refuses new jobs and resolves when those that were queued are done. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  /** Turns away all that still wait. */
  abandon(): void {
    for (const job of this.#jobs.splice(0)) job.reject(new DatabaseClosing());
  }

  #push(job: Job): void {
    if (this.#closed) {
      job.reject(new DatabaseClosing());
      return;
    }
    this.#jobs.push(job);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // One turn of the loop first, so that callers of the same moment share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      await this.connection.resting();
      if ('work' in job) await job.work().then(() => this.connection.settled());
      else await this.#commit(this.#gather(job));
    }
    // In the same turn as the last look at the list: a job that comes later must find that nobody runs.
    this.#running = null;
  }

  #gather(first: Append): Append[] {
    const group = [first];
    let weight = first.weight;
    for (let next = this.#jobs[0]; next !== undefined && 'rows' in next; next = this.#jobs[0]) {
      weight += next.weight;
      if (weight > MAX_COMMIT_WEIGHT) break;
      group.push(next);
      this.#jobs.shift();
    }
    return group;
  }

  async #commit(group: readonly Append[]): Promise<void> {
    const began = performance.now();
    try {
      await this.connection.begin();
      await this.connection.insert(merge(group.map((append) => append.rows)));
      await this.connection.commit();
      this.counts.appends += group.length;
      this.counts.commits += 1;
      this.onCommit({ appends: group.length, ms: performance.now() - began });
      for (const append of group) append.resolve();
    } catch (error) {
      await this.connection.rollback();
      const [only] = group;
      // One caller's fault must not be the others': each is tried alone, so that only the guilty one is refused.
      if (group.length > 1) for (const append of group) await this.#commit([append]);
      else only?.reject(error);
    }
    await this.connection.settled();
  }
}

function merge(all: readonly Rows<Record<string, unknown>>[]): Rows<Record<string, unknown>> {
  const [only] = all;
  if (only && all.length === 1) return only;
  const merged: Record<string, object[]> = {};
  for (const rows of all) {
    for (const [table, added] of Object.entries(rows)) {
      const list = (merged[table] ??= []);
      for (const row of added ?? []) list.push(row);
    }
  }
  return merged;
}

function weigh(rows: Rows<Record<string, unknown>>): number {
  let weight = 0;
  for (const list of Object.values(rows)) for (const row of list ?? []) weight += rowWeight(row);
  return weight;
}

/** About how many characters of JSON a row makes. */
export function rowWeight(row: object): number {
  let weight = ROW_WEIGHT;
  for (const value of Object.values(row)) weight += valueWeight(value);
  return weight;
}

function valueWeight(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let weight = 0;
  for (const [key, member] of Object.entries(value)) weight += key.length + 8 + valueWeight(member);
  return weight;
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Table } from './table.ts';

/** What a writer is told to do: it writes these files and goes on holding them. */
export interface Assignment {
  readonly path: string;
  readonly engine: 'duckdb' | 'sqlite';
  /** None for a file that is only to be held. */
  readonly tables: readonly Table[];
}

/** A process of its own that has databases open for writing, until it is killed. */
export class Writer implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when everything is written and committed, and nothing is closed. @throws when the process ends before */
  static async start(assignments: readonly Assignment[]): Promise<Writer> {
    const child = fork(join(import.meta.dirname, 'writer-process.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {},
      serialization: 'advanced',
    });
    const orphan = (): boolean => child.kill('SIGKILL');
    process.once('exit', orphan);
    child.once('exit', () => process.removeListener('exit', orphan));
    child.send(assignments);
    const [answer] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
    if (answer !== 'written') throw new Error(`The writer ended before it had written everything (${String(answer)}).`);
    return new Writer(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** SIGKILL: what it has not moved into its files is in their logs. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

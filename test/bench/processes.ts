import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A process of ours that says in JSON lines how it goes; it ends with us. */
export class JsonProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, nodeArgs: readonly string[] = []) {
    this.#child = spawn(process.execPath, [...nodeArgs, join(ROOT, script), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', UV_THREADPOOL_SIZE: '16', ...env },
    });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('The process has no output.');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The next line that has all the members of `shape`. @throws when the process ends before. */
  async say<T extends object>(...members: (keyof T & string)[]): Promise<T> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error('The process ended before it said what it should.');
      const parsed = value.startsWith('{') ? (JSON.parse(value) as T) : null;
      if (parsed && members.every((member) => member in parsed)) return parsed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotPossible } from './fault.ts';

const run = promisify(execFile);

/** A small file system in memory. It is unmounted when it is disposed, and when the process ends before that. */
export class Mount implements AsyncDisposable {
  readonly directory: string;
  readonly #unmount: () => void;

  private constructor(directory: string) {
    this.directory = directory;
    this.#unmount = () => spawnSync('umount', ['-l', directory]);
    process.once('exit', this.#unmount);
  }

  /** @throws NotPossible where the process may not mount. */
  static async make(bytes: number): Promise<Mount> {
    const directory = await mkdtemp(join(tmpdir(), 'violentutf-torture-mount-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes / 1024)}k,mode=0700`, 'tmpfs', directory]);
    } catch {
      await rm(directory, { recursive: true, force: true });
      throw new NotPossible('This process may not mount a file system.');
    }
    return new Mount(directory);
  }

  async remount(mode: 'ro' | 'rw'): Promise<void> {
    await run('mount', ['-o', `remount,${mode}`, this.directory]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.directory]).catch(() => run('umount', ['-l', this.directory]));
    process.removeListener('exit', this.#unmount);
    await rm(this.directory, { recursive: true, force: true });
  }
}

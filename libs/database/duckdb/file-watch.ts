import { close, fstatSync, open } from 'node:fs';
import { promisify } from 'node:util';
import { goesOn, isSame, readContent, type FileContent } from './file-content.js';

const NANOSECONDS = 1_000_000n;

/**
 * Looks at an open database file before and after every write of ours, so that a write of somebody else's shows. To look takes some microseconds: the
 * system is asked for a time that it has at hand, and the file is read only when that has changed. The file is kept open, because to open and
 * close it for a look would give up the engine's lock on it.
 */
export class FileWatch {
  #seen: FileContent | null = null;
  #modified = -1n;
  #overwritten = false;
  #checkpointedAt: number | null = null;

  /** @param file a bare descriptor: a handle would be closed by the garbage collector, and with it the engine's lock be given up, if it were forgotten. */
  private constructor(private readonly file: number) {}

  /** Begins with a file that the engine has opened, and does not write yet. */
  static async begin(path: string): Promise<FileWatch> {
    const watch = new FileWatch(await promisify(open)(path, 'r'));
    await watch.wrote();
    return watch;
  }

  /** Whether somebody else has ever written into the file. */
  get overwritten(): boolean {
    return this.#overwritten;
  }

  /** When a checkpoint was last seen, in milliseconds since the epoch: only those write headers, and whoever closes a file makes one. */
  get checkpointedAt(): number | null {
    return this.#checkpointedAt;
  }

  /** To be called, and waited for, before the engine may write: there must be nothing new. */
  rested(): Promise<void> | null {
    return this.#look(isSame);
  }

  /** To be called, and waited for, after the engine may have written, one transaction at most. */
  wrote(): Promise<void> | null {
    return this.#look(goesOn);
  }

  /** Only after the engine has closed the file. */
  close(): Promise<void> {
    return promisify(close)(this.file);
  }

  #look(isOurs: (before: FileContent, now: FileContent) => boolean): Promise<void> | null {
    const modified = this.#modification();
    return modified === this.#modified ? null : this.#read(modified, isOurs);
  }

  #modification(): bigint {
    try {
      return fstatSync(this.file, { bigint: true }).mtimeNs;
    } catch {
      return this.#modified;
    }
  }

  async #read(modified: bigint, isOurs: (before: FileContent, now: FileContent) => boolean): Promise<void> {
    try {
      const now = await readContent(this.file);
      if (!now || (this.#seen && !isOurs(this.#seen, now))) this.#overwritten = true;
      if (now && now.iteration !== this.#seen?.iteration) this.#checkpointedAt = Number(modified / NANOSECONDS);
      this.#seen = now;
      this.#modified = modified;
    } catch {
      // What could not be read says nothing: the next look is the first again.
      this.#seen = null;
    }
  }
}

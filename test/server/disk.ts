import { mkdtemp, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotPossible } from '../torture/faults/fault.ts';
import { Mount } from '../torture/faults/mount.ts';

const MB = 1024 * 1024;
/** What is on a disk besides what a test fills it with. */
const ROOM_MB = 40;
/** On a disk that others write to, everything is so many times as large. */
const SHARED = 8;

/** A disk that can be filled, and where it may be mounted also be made read-only: a small one in memory, or else the one that is there. */
export class Disk implements AsyncDisposable {
  readonly directory: string;
  readonly #mount: Mount | null;
  readonly #freeMb: number;

  private constructor(directory: string, mount: Mount | null, freeMb: number) {
    this.directory = directory;
    this.#mount = mount;
    this.#freeMb = freeMb;
  }

  get #scale(): number {
    return this.#mount ? 1 : SHARED;
  }

  /** @param fillMb how much it is going to be filled with at most. */
  static async make(fillMb: number): Promise<Disk> {
    const mount = await Mount.make((fillMb + ROOM_MB) * MB).catch((error: unknown) => {
      if (error instanceof NotPossible) return null;
      throw error;
    });
    if (mount) return new Disk(mount.directory, mount, fillMb + ROOM_MB);
    const directory = await mkdtemp(join(tmpdir(), 'violentutf-disk-'));
    const { bavail, bsize } = await statfs(directory);
    return new Disk(directory, null, Math.floor((bavail * bsize) / MB));
  }

  /** How much is left, in MB and to the safe side, when it is filled with so much. */
  leftWith(filledMb: number): number {
    return this.#freeMb - this.#scale * (filledMb + ROOM_MB / 2);
  }

  async fill(megabytes: number): Promise<void> {
    const chunk = Buffer.alloc(MB);
    const chunks = function* (count: number): Generator<Buffer> {
      for (let written = 0; written < count; written++) yield chunk;
    };
    await writeFile(join(this.directory, 'filler'), chunks(this.#scale * megabytes));
  }

  async empty(): Promise<void> {
    await rm(join(this.directory, 'filler'), { force: true });
  }

  /** Keeps everybody from writing there, root included; where nothing may be mounted, by taking the folder away. */
  async forbid(): Promise<void> {
    if (this.#mount) await this.#mount.remount('ro');
    else await rename(this.directory, `${this.directory}-away`);
  }

  async allow(): Promise<void> {
    if (this.#mount) await this.#mount.remount('rw');
    else await rename(`${this.directory}-away`, this.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mount) await this.#mount[Symbol.asyncDispose]();
    else await rm(this.directory, { recursive: true, force: true });
  }
}

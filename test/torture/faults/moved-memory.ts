import { cp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** One person's memory, moved to a place of its own, with a link in its old one. Put back when it is disposed; no server may run then, or now. */
export class MovedMemory implements AsyncDisposable {
  readonly #from: string;
  readonly #to: string;

  private constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
  }

  static async move(path: string, directory: string): Promise<MovedMemory> {
    const to = join(directory, basename(path));
    await carry(path, to);
    await symlink(to, path);
    return new MovedMemory(path, to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#from, { force: true });
    await carry(this.#to, this.#from);
  }
}

/** The file and its log, also to another file system: there the log arrives first, so that the file is never there without it. */
async function carry(from: string, to: string): Promise<void> {
  const names = (await readdir(dirname(from))).filter((name) => name === basename(from) || name === `${basename(from)}.wal`);
  for (const name of names.sort().reverse()) {
    const source = join(dirname(from), name);
    const draft = `${join(dirname(to), name)}.arriving`;
    await cp(source, draft);
    await rename(draft, join(dirname(to), name));
    await rm(source);
  }
}

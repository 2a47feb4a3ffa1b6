import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/legacy');

/** The files that ViolentUTF itself wrote (salt `probe_salt`), by the places where it put them. */
export const APP_DATA = {
  configuration: 'violentutf/pyrit_memory_1acefa53d4d0ea275fe181e3f59e19eaa60a8f80702edc514093b3e71d972c1b.db',
  reset: 'violentutf/pyrit_memory_fbf56c7ab28631c04756840874f42076ee18c4c73cd928a1e8620f358a44a827.db',
  backup: 'violentutf/pyrit_memory_fbf56c7ab28631c04756840874f42076ee18c4c73cd928a1e8620f358a44a827.db.backup.20261121_002123',
  service: 'violentutf.db',
} as const;

/** The content of one fixture. */
export async function fixture(name: string): Promise<Buffer> {
  return gunzipSync(await readFile(join(FIXTURES, `${name}.gz`)));
}

/** A folder of its own, gone at the end. */
export class Workspace implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), 'legacy-test-')));
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Writes a file, and the folders it lies in. */
  async put(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.at(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  /** Writes a fixture under its own name, or another. */
  async unpack(name: string, as = name): Promise<string> {
    return this.put(as, await fixture(name));
  }

  /** Writes the folder `app_data` of ViolentUTF. */
  async unpackAppData(): Promise<string> {
    for (const place of Object.values(APP_DATA)) await this.put(join('app_data', place), await fixture(place.replace('violentutf/', '')));
    return this.at('app_data');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Everything that may not change of a tree of files: names, sizes, times, modes and bytes. */
export async function snapshot(folder: string): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const { size, mtimeNs, mode, ino } = await lstat(path, { bigint: true });
    const bytes = await readFile(path).catch(() => '');
    seen[name] = [size, mtimeNs, mode, ino, createHash('sha256').update(bytes).digest('hex')].join(' ');
  }
  return seen;
}

/** All that an iteration gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Runs something as a user who may read nothing that isn't everybody's. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** What discovering and opening need to know in a process that has no databases of its own open. */
export const NOTHING_OPEN = { isOpenHere: (): boolean => false } as const;

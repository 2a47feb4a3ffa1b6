import type { BigIntStats } from 'node:fs';
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Candidate } from './candidate.js';
import { examineFile } from './examine-file.js';
import { identityOf } from './file-locks.js';
import { isDatabaseName } from './file-names.js';
import { fileSystemFinding, finding, type Finding } from './finding.js';

export interface DiscoverOptions {
  /** Folders below a root that are gone into. */
  readonly maxDepth?: number;
  /** Files and folders that are looked at, in all roots together. */
  readonly maxEntries?: number;
  /**
   * Whether this process itself has the file of this identity (`device:inode`) open as a database. Such a file is never touched: opening and
   * closing it once more would give up the engine's lock on it.
   */
  readonly isOpenHere: (identity: string) => boolean;
  readonly signal?: AbortSignal;
}

const MAX_DEPTH = 16;
const MAX_ENTRIES = 1_000_000;

/**
 * Walks through folders and finds what may be an old database, by content and not by name, and what an operator should know of. Nothing is
 * opened by an engine, nothing is written. Symbolic links are not followed, the roots themselves excepted: what a link inside a root leads to
 * inside a root is found anyway. In the order of the names, so that two scans of the same files say the same.
 */
export async function* discover(roots: readonly string[], options: DiscoverOptions): AsyncGenerator<Candidate | Finding> {
  yield* new Walk(options).walk(roots);
}

interface Folder {
  readonly path: string;
  readonly depth: number;
}

class Walk {
  readonly #folders = new Set<string>();
  readonly #files = new Map<string, string>();
  /** Logs and journals that belong to a database that was found. */
  readonly #companions = new Set<string>();
  #realRoots: readonly string[] = [];
  #entries = 0;
  /** Whether there is more than may be looked at. */
  #cut = false;

  constructor(private readonly options: DiscoverOptions) {}

  async *walk(roots: readonly string[]): AsyncGenerator<Candidate | Finding> {
    const waiting: Folder[] = [];
    for (const root of roots) {
      try {
        waiting.push({ path: await realpath(root), depth: 0 });
      } catch (error) {
        yield fileSystemFinding(root, error);
      }
    }
    this.#realRoots = waiting.map(({ path }) => path);
    waiting.reverse();
    for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
      const inner: Folder[] = [];
      yield* this.#visit(folder, inner);
      waiting.push(...inner.reverse());
      if (this.#cut) {
        yield finding(
          folder.path,
          'too-many',
          'The scan ended here: there are more files than it may look at. Name fewer or smaller roots.',
        );
        return;
      }
    }
  }

  async *#visit(folder: Folder, inner: Folder[]): AsyncGenerator<Candidate | Finding> {
    this.options.signal?.throwIfAborted();
    let names: readonly string[];
    try {
      const root = await stat(folder.path, { bigint: true });
      if (!root.isDirectory()) {
        yield* this.#entry(folder.path, root, { path: folder.path, depth: 0 }, inner);
        return;
      }
      const identity = identityOf(root);
      if (this.#folders.has(identity)) return;
      this.#folders.add(identity);
      names = await this.#namesIn(folder.path);
    } catch (error) {
      yield fileSystemFinding(folder.path, error);
      return;
    }
    for (const name of names) {
      this.options.signal?.throwIfAborted();
      const path = join(folder.path, name);
      try {
        yield* this.#entry(path, await lstat(path, { bigint: true }), folder, inner);
      } catch (error) {
        yield fileSystemFinding(path, error);
      }
    }
  }

  async #namesIn(path: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const entry of await opendir(path)) {
      if (this.#entries >= (this.options.maxEntries ?? MAX_ENTRIES)) {
        this.#cut = true;
        break;
      }
      this.#entries += 1;
      names.push(entry.name);
    }
    return names.sort();
  }

  async *#entry(path: string, entry: BigIntStats, folder: Folder, inner: Folder[]): AsyncGenerator<Candidate | Finding> {
    if (entry.isDirectory()) {
      if (folder.depth < (this.options.maxDepth ?? MAX_DEPTH)) inner.push({ path, depth: folder.depth + 1 });
      else yield finding(path, 'too-deep', 'The folder lies too deep and was not looked into. Name it, or one near it, as a root.');
    } else if (entry.isSymbolicLink()) {
      yield* this.#link(path);
    } else if (entry.isFile() && !this.#companions.has(path)) {
      yield* this.#file(path, entry);
    }
  }

  async *#link(path: string): AsyncGenerator<Finding> {
    try {
      const target = await realpath(path);
      if (this.#realRoots.some((root) => isInside(target, root))) return;
      if (!isDatabaseName(basename(path)) && !(await stat(target)).isDirectory()) return;
      yield finding(
        path,
        'link-outside',
        'It is a symbolic link that leads out of the roots and was not followed. Name its target as a root.',
      );
    } catch (error) {
      if (!isDatabaseName(basename(path))) return;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') yield finding(path, 'link-broken', 'It is a symbolic link that leads nowhere.');
      else yield fileSystemFinding(path, error);
    }
  }

  async *#file(path: string, entry: BigIntStats): AsyncGenerator<Candidate | Finding> {
    const identity = identityOf(entry);
    const known = this.#files.get(identity);
    if (known !== undefined) {
      if (isDatabaseName(basename(path))) yield finding(path, 'same-file', `It is the same file as ${known} under another name.`);
      return;
    }
    this.#files.set(identity, path);
    yield* examineFile(path, entry, {
      isOpenHere: this.options.isOpenHere,
      claim: (companion) => this.#companions.add(companion),
    });
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

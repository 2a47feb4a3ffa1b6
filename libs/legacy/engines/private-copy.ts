import { lstat, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Candidate, Companion, ScannedFile } from '../candidate.js';
import { held } from '../examine-file.js';
import { identityOf, writerOf } from '../file-locks.js';
import { FileRefused, fileSystemFinding, finding } from '../finding.js';
import { changed, openForReading, scanFile } from '../scanned-file.js';
import type { OpenOptions } from '../source.js';

/** The name of the database in its private folder: never the original one, which may hold anything. */
const DATABASE = 'copy.db';

/** What the engine may need beside the copy: to spill, or to fold a log in. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * A copy of a candidate and its companions in a folder that only this user can enter, made by reading alone and compared by hash with what the scan
 * saw. The engine replays logs in it; the sources stay as they are.
 */
export class PrivateCopy implements AsyncDisposable {
  readonly database: string;

  private constructor(
    readonly folder: string,
    private readonly candidate: Candidate,
  ) {
    this.database = join(folder, DATABASE);
  }

  /** @throws FileRefused when a source is not what it was when it was scanned, or can't be copied */
  static async of(candidate: Candidate, options: OpenOptions): Promise<PrivateCopy> {
    const files: readonly ScannedFile[] = [candidate, ...candidate.companions];
    for (const file of files) await assertFree(file, options);
    const parent = options.folder ?? tmpdir();
    await assertSpace(candidate.path, parent, 2 * files.reduce((sum, { size }) => sum + size, 0));
    const copy = new PrivateCopy(await mkdtemp(join(parent, 'legacy-')), candidate);
    try {
      await copyFile(candidate, candidate.role === 'orphan-log' ? copy.orphan : copy.database);
      for (const companion of candidate.companions) await copyFile(companion, copy.pathOf(companion.role));
      return copy;
    } catch (error) {
      await copy[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where a log without its database waits until there is one for it. */
  get orphan(): string {
    return join(this.folder, 'orphan.wal');
  }

  pathOf(role: Companion['role']): string {
    if (role === 'journal') return `${this.database}-journal`;
    return this.candidate.engine === 'duckdb' ? `${this.database}.wal` : `${this.database}-wal`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function assertFree(file: ScannedFile, options: OpenOptions): Promise<void> {
  const entry = await lstat(file.path, { bigint: true }).catch((error: unknown) => {
    throw new FileRefused(fileSystemFinding(file.path, error));
  });
  if (!entry.isFile()) throw changed(file.path);
  if (options.isOpenHere(identityOf(entry)))
    throw new FileRefused(finding(file.path, 'open-here', 'This server has it open as one of its own databases. It is not an old one.'));
  const pid = await writerOf(entry);
  if (pid !== null) throw new FileRefused(held(file.path, pid));
}

async function assertSpace(path: string, folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes + SPARE_BYTES) return;
  const neededMb = Math.ceil((bytes + SPARE_BYTES) / 1024 / 1024);
  const detail = `To read it takes ${neededMb} MB in the temporary folder, which has not so much left. Free some, then try again.`;
  throw new FileRefused(finding(path, 'no-space', detail));
}

async function copyFile(source: ScannedFile, target: string): Promise<void> {
  try {
    await using from = await openForReading(source.path);
    await using to = await open(target, 'wx', 0o600);
    const scanned = await scanFile(source.path, from, async (piece) => {
      await to.writeFile(piece);
    });
    if (scanned.sha256 !== source.sha256) throw changed(source.path);
  } catch (error) {
    throw error instanceof FileRefused ? error : new FileRefused(fileSystemFinding(source.path, error));
  }
}

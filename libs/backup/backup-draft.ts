import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncPath } from '#database';
import { hashFile } from './hash-file.js';
import { MANIFEST, writtenManifest, type BackupFile, type Manifest, type SkippedStore } from './manifest.js';
import { draftOf, nameOf } from './names.js';

/** In a backup and in a draft: which installation makes it, by the fingerprint of its salt. No other one takes it away. */
export const MAKER = 'maker';

/**
 * A backup that is being made, in a folder that is called a draft until all of it is on the disk. Whatever cuts it off leaves a draft, which nobody takes
 * for a backup.
 */
export class BackupDraft implements AsyncDisposable {
  readonly name: string;
  readonly #directory: string;
  readonly #head: Omit<Manifest, 'endedAt' | 'files' | 'skipped'>;
  readonly #files: BackupFile[] = [];
  readonly #skipped: SkippedStore[] = [];

  /** @param directory of all backups, made when it is not there. */
  static async begin(directory: string, head: Omit<Manifest, 'endedAt' | 'files' | 'skipped'>): Promise<BackupDraft> {
    const draft = new BackupDraft(directory, head);
    await mkdir(draft.folder, { recursive: true, mode: 0o700 });
    await writeFile(join(draft.folder, MAKER), head.fingerprints.salt, { mode: 0o600 });
    await mkdir(join(draft.folder, 'memories'), { mode: 0o700 });
    return draft;
  }

  private constructor(directory: string, head: Omit<Manifest, 'endedAt' | 'files' | 'skipped'>) {
    this.#directory = directory;
    this.#head = head;
    this.name = nameOf(head);
  }

  get folder(): string {
    return join(this.#directory, draftOf(this.name));
  }

  get files(): readonly BackupFile[] {
    return this.#files;
  }

  /** Has a file made in the draft, and takes note of it. @param make puts it, whole and on the disk, at the path that it is given. */
  async add(file: Omit<BackupFile, 'bytes' | 'sha256'>, make: (path: string) => Promise<void>, signal?: AbortSignal): Promise<BackupFile> {
    const path = join(this.folder, file.path);
    await make(path);
    const added = { ...file, bytes: (await stat(path)).size, sha256: await hashFile(path, signal) };
    this.#files.push(added);
    return added;
  }

  /** Takes note of a memory that could not be copied. */
  skip(store: SkippedStore): void {
    this.#skipped.push(store);
  }

  /** Makes it a backup: from here on it is whole. */
  async finish(endedAt: string): Promise<Manifest> {
    const manifest: Manifest = { ...this.#head, endedAt, files: this.#files, skipped: this.#skipped };
    await writeDurably(join(this.folder, MANIFEST), writtenManifest(manifest));
    await syncPath(join(this.folder, 'memories'));
    await rename(this.folder, join(this.#directory, this.name));
    await syncPath(this.#directory);
    return manifest;
  }

  /** Takes away what did not become a backup. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Whole or not at all. */
async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(`${path}.draft`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.draft`, path);
  await syncPath(dirname(path));
}

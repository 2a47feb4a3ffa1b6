import { lstat, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { hashFile } from './hash-file.js';
import { MANIFEST, readManifest, type BackupFile, type Manifest } from './manifest.js';
import { kindOfName } from './names.js';

/** `incomplete`: it was cut off, while it was made or carried somewhere. `newer`: another release may be able to read it. */
export type Verdict = 'whole' | 'incomplete' | 'damaged' | 'newer';

/** What is to be said of a folder. Only what is whole may be restored. */
export interface Verification {
  readonly verdict: Verdict;
  /** What is wrong, each the rest of a sentence that begins with the backup. */
  readonly faults: readonly string[];
  /** Null where it can't be believed. */
  readonly manifest: Manifest | null;
}

/** Looks at the manifest of a folder alone. */
export async function inspect(folder: string): Promise<Verification> {
  if (kindOfName(basename(resolve(folder))) === 'draft')
    return { verdict: 'incomplete', faults: ['it was cut off before it was whole'], manifest: null };
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (text === null) return { verdict: 'incomplete', faults: ['it has no manifest, which is written last'], manifest: null };
  const read = readManifest(text);
  if (read.manifest) return { verdict: 'whole', faults: [], manifest: read.manifest };
  return { verdict: read.verdict, faults: [read.reason], manifest: null };
}

/** Reads every byte of a backup and compares. @throws when it is aborted, and when the disk can't be read. */
export async function verify(folder: string, signal?: AbortSignal): Promise<Verification> {
  const { verdict, faults, manifest } = await inspect(folder);
  if (!manifest) return { verdict, faults, manifest };
  const missing: string[] = [];
  const changed: string[] = [];
  for (const file of manifest.files) {
    const fault = await faultOf(folder, file, signal);
    if (fault) (fault.missing ? missing : changed).push(fault.sentence);
  }
  const found = [...missing, ...changed];
  if (found.length === 0) return { verdict: 'whole', faults: [], manifest };
  return { verdict: changed.length > 0 ? 'damaged' : 'incomplete', faults: found, manifest };
}

async function faultOf(folder: string, { path, bytes, sha256 }: BackupFile, signal?: AbortSignal) {
  const file = await lstat(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (!file) return { missing: true, sentence: `its file ${path} is missing` };
  if (!file.isFile()) return { missing: false, sentence: `its file ${path} is no file` };
  if (file.size < bytes) return { missing: true, sentence: `its file ${path} is cut off (${file.size} of ${bytes} bytes)` };
  if (file.size > bytes) return { missing: false, sentence: `its file ${path} has ${file.size} bytes instead of ${bytes}` };
  if ((await hashFile(join(folder, path), signal)) === sha256) return null;
  return { missing: false, sentence: `its file ${path} was changed: its hash is another one` };
}

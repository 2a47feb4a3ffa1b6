import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentId, isUuid } from '#core';
import { MAKER } from './backup-draft.js';
import type { Manifest } from './manifest.js';
import { draftOf, kindOfName } from './names.js';
import { inspect, type Verdict } from './verify.js';

/** A folder that is called like a backup, as its manifest alone has it. */
export interface FoundBackup {
  /** Its own, or, where it says none that can be believed, one that is made of its name. */
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly verdict: Verdict;
  /** The rest of a sentence; null when there is nothing wrong. */
  readonly fault: string | null;
  readonly manifest: Manifest | null;
}

/** The folder in which all backups are. What is not called like one is not seen. */
export class BackupDirectory {
  constructor(readonly path: string) {}

  /** The newest first. */
  async list(): Promise<FoundBackup[]> {
    const names = (await this.#names()).filter((name) => kindOfName(name) === 'backup');
    const found: FoundBackup[] = [];
    for (const name of names.sort().reverse()) {
      const folder = join(this.path, name);
      const { verdict, faults, manifest } = await inspect(folder);
      const id = manifest?.id ?? contentId({ backup: name });
      found.push({ id, name, folder, verdict, fault: faults[0] ?? null, manifest });
    }
    return found;
  }

  async find(id: string): Promise<FoundBackup | null> {
    if (!isUuid(id)) return null;
    return (await this.list()).find((backup) => backup.id === id) ?? null;
  }

  /** Takes a backup away. What cuts that off leaves a draft. */
  async remove({ name, folder }: Pick<FoundBackup, 'name' | 'folder'>): Promise<void> {
    const draft = join(this.path, draftOf(name));
    await rename(folder, draft);
    await removeDraft(draft);
  }

  /**
   * Takes away what was cut off of the installation with this fingerprint of its salt. Only while it makes no backup.
   * @returns the names.
   */
  async clean(salt: string): Promise<string[]> {
    const removed: string[] = [];
    for (const name of await this.#names()) {
      const folder = join(this.path, name);
      if (kindOfName(name) !== 'draft' || !(await isOurs(folder, salt))) continue;
      await removeDraft(folder);
      removed.push(name);
    }
    return removed;
  }

  async #names(): Promise<string[]> {
    return readdir(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

/** Whose it is, is taken away last. */
async function removeDraft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name !== MAKER) await rm(join(folder, name), { recursive: true });
  await rm(folder, { recursive: true });
}

/** An empty one was cut off before it said whose it is. */
async function isOurs(folder: string, salt: string): Promise<boolean> {
  const names = await readdir(folder);
  if (names.length === 0) return true;
  return names.includes(MAKER) && (await readFile(join(folder, MAKER), 'utf8')) === salt;
}

import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { BackupDirectory, BackupDraft, fingerprintsOf, verify, type BackupFile, type FoundBackup, type Manifest } from '#backup';
import { Catalog, CATALOG_SCHEMA, type Erasure } from '#catalog';
import { contentId } from '#core';
import { CATALOG_FILE } from '../catalog/catalog-files.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { BackupService } from './backup.service.js';

/** What became of the backups of this server. */
export interface ErasedBackups {
  /** The names of those that were made anew without the person. */
  readonly rewritten: readonly string[];
  /** Of those that were of the person alone. */
  readonly removed: readonly string[];
  /** Of those that can't be read, so that nobody can say what is in them. */
  readonly unreadable: readonly string[];
}

type Outcome = 'untouched' | keyof ErasedBackups;

/**
 * Takes a person out of the backups that there are: each that has something of theirs is made anew beside itself, without their memory and with a
 * catalog that only knows an id, and takes the place of the old one when it is whole. So no backup brings the person back.
 */
@Injectable()
export class BackupErasure {
  readonly #log = new Logger(BackupErasure.name);
  readonly #directory: BackupDirectory;

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly backups: BackupService,
  ) {
    this.#directory = new BackupDirectory(config.backup.dir);
  }

  /** Repeated, it goes on with what was cut off. @param names all that are known of the person. */
  async forget(erasure: Erasure, names: readonly string[], signal: AbortSignal): Promise<ErasedBackups> {
    await this.backups.ended(signal);
    const outcomes: Record<keyof ErasedBackups, string[]> = { rewritten: [], removed: [], unreadable: [] };
    const { salt } = fingerprintsOf(this.config);
    for (const found of await this.#directory.list()) {
      signal.throwIfAborted();
      if (found.manifest && found.manifest.fingerprints.salt !== salt) continue;
      const outcome = found.manifest ? await this.#forgetIn(found, found.manifest, erasure, names, signal) : 'unreadable';
      if (outcome === 'untouched') continue;
      outcomes[outcome].push(found.name);
      this.#log.log({ backupId: found.id, name: found.name, erasureId: erasure.erasureId, outcome }, 'a person was taken out of a backup');
    }
    return outcomes;
  }

  async #forgetIn(
    found: FoundBackup,
    manifest: Manifest,
    erasure: Erasure,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const isTheirs = ({ userId }: { readonly userId: string | null }): boolean => userId !== null && erasure.userIds.includes(userId);
    if (isTheirs(manifest)) {
      await this.#directory.remove(found);
      return 'removed';
    }
    const { files, skipped, endedAt, ...head } = manifest;
    const id = contentId({ erasure: erasure.erasureId, backup: manifest.id });
    if (await this.#directory.find(id)) {
      // It was cut off when the new one was whole.
      await this.#directory.remove(found);
      return 'rewritten';
    }
    await using draft = await BackupDraft.begin(this.config.backup.dir, { ...head, id });
    let known = files.some(isTheirs);
    const catalog = files.find(({ kind }) => kind === 'catalog');
    if (catalog) {
      await draft.add({ ...catalog, schema: CATALOG_SCHEMA }, async (path) => {
        await copyFile(join(found.folder, catalog.path), path);
        await using copy = await Catalog.open({ directory: draft.folder, file: CATALOG_FILE }, { create: false });
        if ((await copy.erasures.forget(erasure, names)) === null) return;
        known = true;
        await copy.compact();
      });
    }
    if (!known) return 'untouched';
    // What was damaged must not be whole by being made anew.
    if ((await verify(found.folder, signal)).verdict !== 'whole') return 'unreadable';
    for (const file of files) if (file !== catalog && !isTheirs(file)) await this.#keep(draft, found, file, signal);
    for (const store of skipped) if (!isTheirs(store)) draft.skip(store);
    await draft.finish(endedAt);
    await this.#directory.remove(found);
    await this.catalog.audit.append(erasure.requestedBy, 'backup.rewritten', id, { was: manifest.id, erasureId: erasure.erasureId });
    return 'rewritten';
  }

  /** The same file under another name, where the disk can do that: a backup is never changed, only taken away. */
  async #keep(draft: BackupDraft, { folder }: FoundBackup, file: BackupFile, signal: AbortSignal): Promise<void> {
    const from = join(folder, file.path);
    await draft.add(file, (path) => link(from, path).catch(() => copyFile(from, path)), signal);
  }
}

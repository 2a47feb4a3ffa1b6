import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { BackupDirectory, bytesOf, fingerprintsOf, superfluous, verify, type FoundBackup, type Manifest, type Verification } from '#backup';
import { Conflict, DomainError, NotFound, uuidv7 } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { BackupMaker } from './backup-maker.service.js';
import type { BackupRun } from './backup-progress.js';

/** How many backups that were not made are remembered until the server stops. */
const MOST_FAILURES = 20;
/** How long a stop of the server waits for a backup to notice. The memory that is being copied is cut off when it is closed. */
const STOP_MS = 1_000;

/** Whom it concerns that backups are made, or are not. */
export interface BackupListener {
  /** Some memories may have had to be left out (`skipped`): that wants to be looked at, too. */
  succeeded(backup: Manifest, durationMs: number): void;
  failed(run: Readonly<BackupRun>): void;
  /** Somebody has taken one away. */
  removed?(id: string): void;
}

/** A backup as it is asked for: being made, not made, or in the folder of backups. */
export type BackupEntry = { readonly run: Readonly<BackupRun> } | { readonly found: FoundBackup };

/** The backups of this server: one is made at a time, in the background; those that nobody needs any more are taken away after each. */
@Injectable()
export class BackupService implements OnModuleInit, OnModuleDestroy {
  readonly #log = new Logger(BackupService.name);
  readonly #directory: BackupDirectory;
  readonly #listeners = new Set<BackupListener>();
  readonly #stop = new AbortController();
  #failures: BackupRun[] = [];
  #current: { readonly run: BackupRun; readonly ended: Promise<void> } | null = null;
  #starting: Promise<void> | null = null;

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly maker: BackupMaker,
  ) {
    this.#directory = new BackupDirectory(config.backup.dir);
  }

  async onModuleInit(): Promise<void> {
    const removed = await this.#directory.clean(this.#salt);
    if (removed.length > 0) this.#log.warn({ drafts: removed }, 'backups that were cut off were taken away');
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    if (!this.#current) return;
    const late = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([this.#current.ended, late]);
  }

  /** @returns what ends it. */
  subscribe(listener: BackupListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Begins a backup. @param userId of whom; null for all. @param actor the id of the administrator, or `system`.
   * @throws Conflict while another is made, or a merge or an erasure is under way; NotFound; Unavailable when the disk would be filled.
   */
  async start(userId: string | null, actor: string): Promise<Readonly<BackupRun>> {
    if (this.#current) throw new Conflict(`The backup ${this.#current.run.id} is being made. Wait until it has ended: only one can be.`);
    if (this.#starting || this.#stop.signal.aborted)
      throw new Conflict('A backup is about to begin, or the server about to stop. Try again.');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#starting = promise;
    const progress = { memoriesDone: 0, memories: null, bytes: 0 };
    const run: BackupRun = { id: uuidv7(), userId, begunAt: new Date().toISOString(), progress, failure: null, endedAt: null };
    try {
      await this.maker.assertPossible(userId);
      const ended = this.#carryOut(run, actor).finally(() => (this.#current = null));
      this.#current = { run, ended };
      return run;
    } catch (error) {
      if (!(error instanceof NotFound)) this.#fail(run, error);
      throw error;
    } finally {
      this.#starting = null;
      resolve();
    }
  }

  /** Resolves when the one that is being made, or about to begin, has ended. @throws the reason of the signal */
  async ended(signal?: AbortSignal): Promise<void> {
    const ended = this.#ended();
    if (!signal) return ended;
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
    try {
      await Promise.race([ended, promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** What is being made, what was not made since the server started, and what there is; the newest first. */
  async list(): Promise<BackupEntry[]> {
    const runs = [...(this.#current ? [this.#current.run] : []), ...this.#failures];
    // One that is whole is still being made while others are taken away.
    const found = (await this.#directory.list()).filter(({ id }) => id !== this.#current?.run.id);
    const entries: BackupEntry[] = [...runs.map((run) => ({ run })), ...found.map((each) => ({ found: each }))];
    return entries.sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
  }

  /** @throws NotFound */
  async get(id: string): Promise<BackupEntry> {
    const entry = (await this.list()).find((each) => idOf(each) === id);
    if (!entry) throw new NotFound('backup', id);
    return entry;
  }

  /** The newest whole backup of everything of this installation, or null. */
  async newest(): Promise<Manifest | null> {
    const own = (await this.#own()).filter(({ userId }) => userId === null);
    return own.reduce<Manifest | null>((newest, backup) => (newest && newest.begunAt > backup.begunAt ? newest : backup), null);
  }

  /** Reads every byte of a backup. @throws NotFound; Conflict for one that is being made, or was not made. */
  async verify(id: string): Promise<Verification> {
    return verify((await this.#found(id)).folder, this.#stop.signal);
  }

  /** @throws as `verify` does */
  async remove(id: string, actor: string): Promise<void> {
    const { name, folder } = await this.#found(id);
    await this.#directory.remove({ name, folder });
    for (const listener of this.#listeners) listener.removed?.(id);
    await this.catalog.audit.append(actor, 'backup.deleted', id, { name });
  }

  async #found(id: string): Promise<FoundBackup> {
    const entry = await this.get(id);
    if ('found' in entry) return entry.found;
    throw new Conflict(entry.run.failure === null ? `The backup ${id} is being made. Wait for it.` : `The backup ${id} was not made.`);
  }

  async #ended(): Promise<void> {
    await this.#starting;
    await this.#current?.ended;
  }

  async #carryOut(run: BackupRun, actor: string): Promise<void> {
    const began = Date.now();
    try {
      const manifest = await this.maker.make(run, this.#stop.signal);
      const details = { userId: run.userId, bytes: bytesOf(manifest), files: manifest.files.length, skipped: manifest.skipped.length };
      this.#log.log({ backupId: run.id, ...details, durationMs: Date.now() - began }, 'backup made');
      await this.catalog.audit.append(actor, 'backup.made', run.id, details);
      for (const listener of this.#listeners) listener.succeeded(manifest, Date.now() - began);
      await this.#retain();
    } catch (error) {
      this.#fail(run, error);
    }
  }

  #fail(run: BackupRun, error: unknown): void {
    run.failure = failureOf(error, this.#stop.signal);
    run.endedAt = new Date().toISOString();
    this.#failures = [run, ...this.#failures].slice(0, MOST_FAILURES);
    this.#log.error({ backupId: run.id, userId: run.userId, err: error }, 'backup not made');
    // A server that stops says nothing of its backups: the next one goes on with them.
    if (!this.#stop.signal.aborted) for (const listener of this.#listeners) listener.failed(run);
  }

  /** Takes away what need not be kept. Another installation's, and what is not whole, is none of our business. */
  async #retain(): Promise<void> {
    const gone = new Set(superfluous(await this.#own(), this.config.backup.retention));
    for (const found of await this.#directory.list()) {
      if (!gone.has(found.id)) continue;
      try {
        await this.#directory.remove(found);
        this.#log.log({ backupId: found.id, name: found.name }, 'backup that need not be kept taken away');
      } catch (error) {
        this.#log.error({ backupId: found.id, err: error }, 'a backup could not be taken away');
      }
    }
  }

  async #own(): Promise<Manifest[]> {
    const manifests = (await this.#directory.list()).flatMap(({ manifest }) => manifest ?? []);
    return manifests.filter(({ fingerprints }) => fingerprints.salt === this.#salt);
  }

  get #salt(): string {
    return fingerprintsOf(this.config).salt;
  }
}

function idOf(entry: BackupEntry): string {
  return 'run' in entry ? entry.run.id : entry.found.id;
}

/** For the administrator. What nobody foresaw is in the log, not here: it may quote anything. */
function failureOf(error: unknown, stop: AbortSignal): string {
  if (stop.aborted) return 'The server stopped before it was done.';
  return error instanceof DomainError ? error.message : 'It failed in a way that was not foreseen; the log of the server says how.';
}

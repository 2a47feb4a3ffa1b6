import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ERASURE_STEPS, type CatalogPage, type Erasure, type ErasureStep, type PageRequest } from '#catalog';
import { Conflict, DomainError, InvalidInput, systemClock, type JsonObject } from '#core';
import { BackupErasure } from '../backup/backup-erasure.service.js';
import { BackupService } from '../backup/backup.service.js';
import { CATALOG_FILE } from '../catalog/catalog-files.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { IdentityFlipReports } from '../db-connection/identity-flip-reports.service.js';
import { StoreFaults } from '../db-connection/store-faults.service.js';
import { Switches } from '../db-connection/switches.service.js';
import { pauseAfter } from '../executions/back-off.js';
import { ExecutionRunner } from '../executions/execution-runner.service.js';
import { MigrationJobs } from '../migration/migration-jobs.service.js';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';
import { MemoryRemover, type RemovedMemory } from './memory-remover.service.js';

type Work = Exclude<ErasureStep, 'done'>;

/**
 * Erases people, everywhere, for good. The steps are entered in the catalog before they are done, and each can be repeated: what was cut off is gone on
 * with when the server starts. What stays is an id.
 */
@Injectable()
export class ErasureService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(ErasureService.name);
  readonly #stop = new AbortController();
  /** One after the other. */
  #last: Promise<void> = Promise.resolve();
  readonly #queued = new Set<string>();
  /** Why the present step of an erasure has not come to its end yet. */
  readonly #failures = new Map<string, string>();
  /** What is done in each step. @returns what the report says of it. */
  readonly #steps: Readonly<Record<Work, (erasure: Erasure) => Promise<JsonObject>>> = {
    files: (erasure) => this.#removeFiles(erasure),
    backups: (erasure) => this.#forgetInBackups(erasure),
    catalog: (erasure) => this.#forget(erasure),
    compact: () => this.#compact(),
  };

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly runner: ExecutionRunner,
    private readonly pool: OrchestratorPool,
    private readonly memories: MemoryRemover,
    private readonly backups: BackupErasure,
    private readonly running: BackupService,
    private readonly migrations: MigrationJobs,
    private readonly switches: Switches,
    private readonly faults: StoreFaults,
    private readonly flips: IdentityFlipReports,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const erasure of await this.catalog.erasures.unfinished()) {
      this.#log.log(
        { erasureId: erasure.erasureId, userId: erasure.userId, step: erasure.step },
        'goes on with an erasure that was cut off',
      );
      this.#enqueue(erasure);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#last;
  }

  /**
   * Begins to erase a person. From here on it can't be taken back.
   * @param confirm the id once more. @param actor the id of the administrator.
   * @throws InvalidInput, NotFound; Conflict for oneself, for somebody whose memory is another person's now, and while a migration is under way.
   */
  async begin(userId: string, confirm: string, actor: string): Promise<Erasure> {
    if (confirm.toLowerCase() !== userId)
      throw new InvalidInput('Nothing was erased: it can’t be taken back, so say twice whom you mean.', [
        { pointer: '/confirm', detail: 'must be the id of the user in the address' },
      ]);
    if (userId === actor) throw new Conflict('Nobody erases themselves. Ask another administrator.');
    this.migrations.assertFree();
    const [migration] = await this.catalog.migrations.unfinished();
    if (migration) throw new Conflict(`The migration ${migration.documentId} is under way. Erase when it has ended.`);
    const erasure = await this.catalog.erasures.begin(userId, actor);
    this.#enqueue(erasure);
    return erasure;
  }

  get(erasureId: string): Promise<Erasure> {
    return this.catalog.erasures.get(erasureId);
  }

  /** Why its present step has failed, for the administrator, until it succeeds; null when nothing is wrong. */
  failureOf({ erasureId }: Erasure): string | null {
    return this.#failures.get(erasureId) ?? null;
  }

  list(page: PageRequest): Promise<CatalogPage<Erasure>> {
    return this.catalog.erasures.list(page);
  }

  #enqueue(erasure: Erasure): void {
    if (this.#queued.has(erasure.erasureId) || erasure.step === 'done') return;
    this.#queued.add(erasure.erasureId);
    this.#last = this.#last.then(() => this.#carryOut(erasure)).finally(() => this.#queued.delete(erasure.erasureId));
  }

  /** Step by step, until it is done or the server stops. */
  async #carryOut(erasure: Erasure): Promise<void> {
    const { signal } = this.#stop;
    const ids = { erasureId: erasure.erasureId, userId: erasure.userId };
    for (let now = erasure, failures = 0; now.step !== 'done' && !signal.aborted;) {
      try {
        const report = await this.#steps[now.step](now);
        now = await this.catalog.erasures.advance(now, nextOf(now.step), report);
        this.#failures.delete(erasure.erasureId);
        this.#log.log({ ...ids, step: now.step }, now.step === 'done' ? 'a person was erased' : 'an erasure goes on');
      } catch (error) {
        if (signal.aborted) return;
        this.#failures.set(
          erasure.erasureId,
          error instanceof DomainError ? error.message : 'It failed in a way that was not foreseen; the log says how.',
        );
        this.#log.error({ ...ids, step: now.step, err: error }, 'a step of an erasure has failed; it is tried again');
        // A full disk may be emptied, a file let go of.
        await systemClock.sleep(pauseAfter(failures), signal).catch(() => undefined);
        failures += 1;
      }
    }
  }

  async #removeFiles(erasure: Erasure): Promise<JsonObject> {
    for (const userId of erasure.userIds) {
      await this.runner.forget(userId);
      await this.pool.end(userId);
    }
    // A backup that is being made would find the memory missing.
    await this.running.ended(this.#stop.signal);
    const doomed = await this.catalog.erasures.doomed(erasure);
    const removed: RemovedMemory[] = [];
    for (const store of doomed) removed.push(await this.memories.remove(store));
    // Copies for plans: those of a plan that was cut off are there until the next one is made.
    await rm(join(this.config.dataDir, 'migration', 'scratch'), { recursive: true, force: true });
    const sum = (of: 'files' | 'bytes' | 'rescued'): number => removed.reduce((total, each) => total + each[of], 0);
    return {
      files: sum('files'),
      bytes: sum('bytes'),
      rescued: sum('rescued'),
      foreign: removed.flatMap(({ foreign }) => foreign ?? []),
      copies: this.#copiesOf(new Set(doomed.map(({ storeId }) => storeId))),
    };
  }

  /** The names of other files in the memory directory that hold a memory of theirs: operators are alerted of them, and have put them there. */
  #copiesOf(doomed: ReadonlySet<string>): string[] {
    const found = this.switches.current().filter(({ kind, storeId }) => kind === 'second-file' && storeId !== null && doomed.has(storeId));
    return found.flatMap(({ file }) => file ?? []);
  }

  /** As long as the names are known: an old copy of the catalog may not know that all of them are of one person. */
  async #forgetInBackups(erasure: Erasure): Promise<JsonObject> {
    const names = await this.catalog.erasures.namesOf(erasure);
    return { backups: { ...(await this.backups.forget(erasure, names, this.#stop.signal)) } };
  }

  /** @returns also the catalogs that an operator moved aside when a new one was made: they name people, and are the operator's to remove. */
  async #forget(erasure: Erasure): Promise<JsonObject> {
    const doomed = new Set((await this.catalog.erasures.doomed(erasure)).map(({ storeId }) => storeId));
    const forgotten = await this.catalog.erasures.forget(erasure);
    // Nothing is wrong any more with a memory that nobody has.
    for (const storeId of doomed) this.faults.forget(storeId);
    this.switches.settle(({ storeId }) => storeId !== null && doomed.has(storeId));
    await this.flips.decided();
    const former = (await readdir(this.config.dataDir)).filter((name) => name.startsWith(`${CATALOG_FILE}.replaced-`));
    return { catalog: { ...forgotten }, former };
  }

  /** What is deleted stays in the file until it is written anew. */
  async #compact(): Promise<JsonObject> {
    await this.catalog.compact();
    return {};
  }
}

function nextOf(step: Work): ErasureStep {
  return ERASURE_STEPS[ERASURE_STEPS.indexOf(step) + 1] ?? 'done';
}

import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { MigrationDocument, MigrationKind } from '#catalog';
import { Conflict, type JsonValue } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { failureOf } from './failure.js';
import { Progress } from './progress.js';

interface Job {
  readonly id: string;
  readonly progress: Progress;
  readonly ended: Promise<void>;
}

/** What a document says when it is complete, and the hash of that. */
interface Made {
  readonly body: object;
  readonly hash: string;
}

/** The one scan, plan or run that is under way: several would read the same files and wait for the same memories. */
@Injectable()
export class MigrationJobs implements OnModuleDestroy {
  readonly #log = new Logger(MigrationJobs.name);
  #job: Job | null = null;
  /** Whether somebody is writing down what they are about to start. */
  #entering = false;
  #stopping = false;

  constructor(private readonly catalog: CatalogService) {}

  /** Stops what is under way where it can be gone on from. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    this.#job?.progress.abort();
    await this.#job?.ended;
  }

  /** @throws Conflict while another is under way. */
  assertFree(): void {
    if (this.#job) throw new Conflict(`The migration ${this.#job.id} is under way. Wait until it has ended: only one can be.`);
    if (this.#entering) throw new Conflict('Another migration is about to begin. Wait until it has ended: only one can be.');
  }

  /**
   * Writes a job down and starts it, and nobody else's comes between: one that is written down and not started would be gone on with after a restart.
   * @throws Conflict while another is under way.
   */
  async enter<T>(enterAndStart: () => Promise<T>): Promise<T> {
    this.assertFree();
    this.#entering = true;
    try {
      const [erasure] = await this.catalog.erasures.unfinished();
      if (erasure) throw new Conflict(`The user ${erasure.userId} is being erased. Wait until that has ended.`);
      return await enterAndStart();
    } finally {
      this.#entering = false;
    }
  }

  /** Starts what was cut off, as soon as nothing else is under way. */
  takeUp(id: string, work: (progress: Progress) => Promise<void>): void {
    if (this.#stopping) return;
    if (this.#job) void this.#job.ended.then(() => this.takeUp(id, work));
    else this.start(id, work);
  }

  /** Starts a job in the background. @throws Conflict while another is under way. */
  start(id: string, work: (progress: Progress) => Promise<void>): void {
    if (this.#job) this.assertFree();
    const progress = new Progress();
    const ended = work(progress)
      .catch((error: unknown) => this.#log.error({ migrationId: id, err: error }, 'the migration did not come to its end'))
      .then(() => {
        this.#job = null;
        progress.end();
      });
    this.#job = { id, progress, ended };
  }

  /** Enters a scan or a plan, and makes it in the background. @throws Conflict while another is under way. */
  async make(kind: MigrationKind, actor: string, work: (progress: Progress, id: string) => Promise<Made>): Promise<MigrationDocument> {
    return this.enter(async () => {
      const document = await this.catalog.migrations.create(kind, actor, {});
      const { documentId } = document;
      this.start(documentId, async (progress) => {
        try {
          const { body, hash } = await work(progress, documentId);
          await this.catalog.migrations.update(documentId, { state: 'completed', body: body as JsonValue, hash }, actor);
        } catch (error) {
          await this.catalog.migrations.update(documentId, { state: 'failed', body: { failure: failureOf(error) } }, actor);
          throw error;
        }
      });
      return document;
    });
  }

  /** The progress of a job, or null when it is not under way. */
  find(id: string): Progress | null {
    return this.#job?.id === id ? this.#job.progress : null;
  }

  /** Resolves when this job is no longer under way. */
  async ended(id: string): Promise<void> {
    if (this.#job?.id === id) await this.#job.ended;
  }
}

import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { MigrationDocument } from '#catalog';
import { canonicalJson, Conflict, sha256, type JsonValue } from '#core';
import { SHARED_SECRET } from '../auth/canonical-user.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { failureOf } from './failure.js';
import { Homecoming } from './homecoming.js';
import { LegacyFiles } from './legacy-files.service.js';
import { LiveMemories } from './live-memories.js';
import { MigrationJobs } from './migration-jobs.service.js';
import { People, type Person } from './people.js';
import type { PlanBody, RunBody, UndoneMemory } from './plan-body.js';
import type { Progress } from './progress.js';
import { UnassignedMemory } from '../db-connection/unassigned-memory.service.js';
import { undoneMemory } from './undone-memory.js';

/** Carries plans out, and takes runs back. What was cut off is gone on with when the server starts. */
@Injectable()
export class MigrationRunner implements OnApplicationBootstrap {
  readonly #log = new Logger(MigrationRunner.name);

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly files: LegacyFiles,
    private readonly unassigned: UnassignedMemory,
    private readonly jobs: MigrationJobs,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const cutOff: MigrationDocument[] = [];
    for (const document of await this.catalog.migrations.unfinished()) {
      const failure = 'The server stopped while it was made. Make another.';
      if (document.kind === 'run') cutOff.push(document);
      else if (document.kind !== 'merge-run')
        await this.catalog.migrations.update(document.documentId, { state: 'failed', body: { failure } }, 'system');
    }
    // Only one can be under way, so only one can have been cut off.
    const [run] = cutOff;
    if (!run) return;
    this.#log.log({ runId: run.documentId }, 'goes on with a migration that was cut off');
    this.jobs.takeUp(run.documentId, this.#work(run.documentId, run.state === 'undoing' ? 'undo' : 'run', 'system'));
  }

  /**
   * Carries a plan out. One that was carried out already stays as it is; one that failed is gone on with.
   * @throws NotFound; Conflict for a plan that is not complete, and while another migration is under way.
   */
  async run(planId: string, actor: string): Promise<MigrationDocument> {
    const plan = await this.catalog.migrations.get('plan', planId);
    if (plan.state !== 'completed' || plan.hash === null)
      throw new Conflict(`The plan ${planId} is ${plan.state}: only a completed one can be run.`);
    const present = await this.catalog.migrations.runOf(planId);
    if (present?.state === 'completed' || (present && this.jobs.find(present.documentId))) return present;
    if (present?.state === 'undoing') throw new Conflict(`The run ${present.documentId} of this plan is being taken back.`);
    const { hash } = plan;
    return this.jobs.enter(async () => {
      const run = present ?? (await this.#enter(planId, hash, actor));
      const running = await this.catalog.migrations.update(run.documentId, { state: 'running' }, actor);
      this.jobs.start(run.documentId, this.#work(run.documentId, 'run', actor));
      return running;
    });
  }

  /**
   * Takes back what a run added and nobody touched or built on since. Repeated, it takes back what has become free meanwhile.
   * @throws NotFound; Conflict while a migration is under way.
   */
  async undo(runId: string, actor: string): Promise<MigrationDocument> {
    await this.catalog.migrations.get('run', runId);
    return this.jobs.enter(async () => {
      const run = await this.catalog.migrations.update(runId, { state: 'undoing' }, actor);
      this.jobs.start(runId, this.#work(runId, 'undo', actor));
      return run;
    });
  }

  async bodyOf(runId: string): Promise<RunBody> {
    return (await this.catalog.migrations.body(runId)) as unknown as RunBody;
  }

  async #enter(planId: string, planHash: string, actor: string): Promise<MigrationDocument> {
    const { people, memories } = (await this.catalog.migrations.body(planId)) as unknown as PlanBody;
    const concerned = new Set(memories.map(({ person }) => person));
    const userIds: Record<string, string> = {};
    for (const { key, userId, name } of people) {
      if (!concerned.has(key)) continue;
      userIds[key] = userId ?? (await this.catalog.users.resolve({ issuer: SHARED_SECRET, name })).userId;
    }
    const body: RunBody = { planId, planHash, userIds, files: null, recipients: [], memories: [], failure: null, undone: [] };
    return this.catalog.migrations.create('run', actor, body as unknown as JsonValue, planId);
  }

  #work(runId: string, what: 'run' | 'undo', actor: string): (progress: Progress) => Promise<void> {
    return async (progress) => {
      try {
        await (what === 'run' ? this.#carryOut(runId, progress, actor) : this.#takeBack(runId, progress, actor));
      } catch (error) {
        // What the stop of the server cut off goes on at its next start.
        if (!progress.signal.aborted) await this.#failed(runId, error, actor);
        throw error;
      }
    };
  }

  async #carryOut(runId: string, progress: Progress, actor: string): Promise<void> {
    let body = await this.bodyOf(runId);
    const plan = (await this.catalog.migrations.body(body.planId)) as unknown as PlanBody;
    const people = People.from(plan.people);
    const memories = new LiveMemories(this.db, this.unassigned, new Map(Object.entries(body.userIds)));
    const homecoming = new Homecoming(this.files, memories, runId, progress, this.config.encryptionKey);
    const keep = async (change: Partial<RunBody>): Promise<void> => {
      body = { ...body, ...change };
      await this.catalog.migrations.update(runId, { state: 'running', body: body as unknown as JsonValue }, actor);
    };
    if (body.files === null) {
      const { candidates, knowledge } = await this.#planned(plan, progress);
      const salts = [this.config.salt, ...this.config.legacySalts];
      const { files, recipients } = await homecoming.receive(candidates, { people, knowledge, assignments: plan.assignments, salts });
      await keep({ files, recipients: recipients.map((person) => person?.key ?? null), failure: null });
    }
    progress.phase('settling', { memories: body.recipients.length });
    for (const key of body.recipients) {
      progress.signal.throwIfAborted();
      if (!body.memories.some(({ person }) => person === key))
        await keep({ memories: [...body.memories, await homecoming.settle(personOf(people, key))] });
      progress.memory();
    }
    const hash = sha256(canonicalJson({ files: body.files, memories: body.memories } as unknown as JsonValue));
    await this.catalog.migrations.update(runId, { state: 'completed', hash }, actor);
  }

  /** The files of a plan, as they were when it was made. @throws Conflict when one is not. */
  async #planned(plan: PlanBody, progress: Progress) {
    const contents = new Set(plan.files.map(({ sha256 }) => sha256));
    const scanned = await this.files.scan(progress, contents);
    const found = new Set(scanned.candidates.map(({ contentSha256 }) => contentSha256));
    const missing = plan.files.find(({ sha256 }) => !found.has(sha256));
    if (missing)
      throw new Conflict(
        `The file ${missing.path} is no longer there as it was when the plan was made. Put it back, or make another plan.`,
      );
    return scanned;
  }

  async #takeBack(runId: string, progress: Progress, actor: string): Promise<void> {
    const body = await this.bodyOf(runId);
    const plan = (await this.catalog.migrations.body(body.planId)) as unknown as PlanBody;
    const people = People.from(plan.people);
    const memories = new LiveMemories(this.db, this.unassigned, new Map(Object.entries(body.userIds)));
    const undone: UndoneMemory[] = [];
    progress.phase('undoing', { memories: body.recipients.length });
    for (const key of body.recipients) {
      progress.signal.throwIfAborted();
      undone.push(undoneMemory(key, await memories.lend(personOf(people, key), (store) => store.imports.undo(runId))));
      progress.memory();
    }
    await this.catalog.migrations.update(runId, { state: 'undone', body: { ...body, undone } as unknown as JsonValue }, actor);
  }

  async #failed(runId: string, error: unknown, actor: string): Promise<void> {
    const body = { ...(await this.bodyOf(runId)), failure: failureOf(error) };
    await this.catalog.migrations.update(runId, { state: 'failed', body: body as unknown as JsonValue }, actor);
  }
}

function personOf(people: People, key: string | null): Person | null {
  if (key === null) return null;
  const person = people.get(key);
  if (!person) throw new TypeError(`The plan of the run does not know the person ${key}.`);
  return person;
}

import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { MigrationDocument } from '#catalog';
import { canonicalJson, Conflict, sha256, type JsonValue } from '#core';
import type { MemoryStore } from '#memory';
import { CatalogService } from '../../catalog/catalog.service.js';
import { Config } from '../../config/config.js';
import { DbConnectionService } from '../../db-connection/db-connection.service.js';
import { failureOf } from '../failure.js';
import type { FileTally } from '../file-tally.js';
import { settleMemory } from '../memory-account.js';
import { MigrationJobs } from '../migration-jobs.service.js';
import { discrepanciesIn } from '../migration-report.js';
import type { Progress } from '../progress.js';
import { undoneMemory } from '../undone-memory.js';
import type { MergePlanBody, MergeRunBody } from './merge-body.js';
import { MergePlanner } from './merge-planner.service.js';
import { receiveMemory } from './memory-source.js';

/**
 * Makes one memory of two, and two of one again. Every step can be repeated: what was cut off is gone on with when the server starts. What fails before
 * the names were handed over is taken back at once, so nobody is kept from their memory for longer than it takes.
 */
@Injectable()
export class MergeRunner implements OnApplicationBootstrap {
  readonly #log = new Logger(MergeRunner.name);

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly planner: MergePlanner,
    private readonly jobs: MigrationJobs,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const { documentId: runId, kind, state } of await this.catalog.migrations.unfinished()) {
      if (kind !== 'merge-run') continue;
      this.#log.log({ runId }, 'goes on with a merge that was cut off');
      this.jobs.takeUp(runId, this.#work(runId, state === 'undoing' ? 'undo' : 'run', 'system'));
    }
  }

  /**
   * Carries a plan out, with what the memory holds now. One that was carried out already stays as it is.
   * @throws NotFound; Conflict for a plan that is not complete, while one of the two has executions that have not ended, when one of the memories can't be
   * merged any more, and while another migration is under way.
   */
  async run(planId: string, actor: string): Promise<MigrationDocument> {
    const plan = await this.catalog.migrations.get('merge-plan', planId);
    if (plan.state !== 'completed' || plan.hash === null)
      throw new Conflict(`The plan ${planId} is ${plan.state}: only a completed one can be run.`);
    const present = await this.catalog.migrations.runOf(planId);
    if (present?.state === 'completed' || (present && this.jobs.find(present.documentId))) return present;
    this.jobs.assertFree();
    const { merge } = (await this.catalog.migrations.body(planId)) as unknown as MergePlanBody;
    const { fromUserId, intoUserId, storeId } = merge;
    if ((await this.planner.mergeable(fromUserId, intoUserId)).storeId !== storeId)
      throw new Conflict(`User ${fromUserId} has another memory than when the plan was made. Make another plan.`);
    for (const userId of [fromUserId, intoUserId]) await this.db.lendOf(userId, (store) => assertEnded(userId, store));
    const userIds = { [fromUserId]: fromUserId, [intoUserId]: intoUserId };
    const nothing = { files: null, recipients: [], memories: [], failure: null, undone: [], aliasIds: null };
    const body: MergeRunBody = { merge, planId, planHash: plan.hash, userIds, withholds: true, ...nothing };
    return this.jobs.enter(async () => {
      const run = await this.catalog.migrations.create('merge-run', actor, body as unknown as JsonValue, planId);
      this.jobs.start(run.documentId, this.#work(run.documentId, 'run', actor));
      return run;
    });
  }

  /**
   * Gives the person their own memory and names back, then takes out of the other one what nobody touched or built on since. Repeated, it takes back what
   * has become free meanwhile.
   * @throws NotFound; Conflict when the merged memory was itself merged into another, and while a migration is under way.
   */
  async undo(runId: string, actor: string): Promise<MigrationDocument> {
    await this.catalog.migrations.get('merge-run', runId);
    this.jobs.assertFree();
    const body = await this.#bodyOf(runId);
    const { intoUserId } = body.merge;
    if ((await this.catalog.stores.find(intoUserId))?.state !== 'active')
      throw new Conflict(
        `The memory of user ${intoUserId} is not active: it was merged into another one, or is moved. Take that back first.`,
      );
    return this.jobs.enter(async () => {
      const run = await this.#keep(runId, 'undoing', { ...body, failure: null }, actor);
      this.jobs.start(runId, this.#work(runId, 'undo', actor));
      return run;
    });
  }

  #work(runId: string, what: 'run' | 'undo', actor: string): (progress: Progress) => Promise<void> {
    return async (progress) => {
      try {
        await (what === 'run' ? this.#carryOut(runId, progress, actor) : this.#takeBack(runId, progress, actor));
      } catch (error) {
        // What the stop of the server cut off goes on at its next start.
        if (!progress.signal.aborted) await this.#failed(runId, what, error, progress, actor);
        throw error;
      }
    };
  }

  async #carryOut(runId: string, progress: Progress, actor: string): Promise<void> {
    let body = await this.#bodyOf(runId);
    const { fromUserId, intoUserId } = body.merge;
    const keep = async (change: Partial<MergeRunBody>): Promise<void> => {
      body = { ...body, ...change };
      await this.#keep(runId, 'running', body, actor);
    };
    const state = (await this.catalog.stores.find(fromUserId))?.state;
    if (state === 'archived' && body.aliasIds === null)
      throw new Conflict(`The memory of user ${fromUserId} was merged by another run meanwhile. Nothing is left to do.`);
    if (state !== 'archived') {
      await this.#withhold(body, actor);
      if (body.files === null) await keep({ files: [await this.#receive(runId, body, progress)], recipients: [intoUserId] });
      progress.signal.throwIfAborted();
      progress.phase('settling', { memories: 1 });
      if (body.memories.length === 0)
        await keep({ memories: [await this.db.lendOf(intoUserId, (target) => settleMemory(target, runId, intoUserId))] });
      progress.memory();
      const [discrepancy] = discrepanciesIn(body.files ?? [], body.memories);
      if (discrepancy !== undefined) throw new Conflict(`${discrepancy} The merge was taken back; merge again.`);
      const aliasIds = (await this.catalog.aliases.list(fromUserId)).map(({ aliasId }) => aliasId);
      await keep({ aliasIds });
      await this.catalog.handovers.handOver({ ...body.merge, aliasIds }, actor);
    }
    await this.#rememberAliases(body);
    await this.db.withhold(fromUserId);
    const hash = sha256(canonicalJson({ files: body.files, memories: body.memories } as unknown as JsonValue));
    await this.catalog.migrations.update(runId, { state: 'completed', hash }, actor);
  }

  /** From here on nobody writes to the source. @throws Conflict when something was begun in it meanwhile */
  async #withhold({ merge: { fromUserId, storeId } }: MergeRunBody, actor: string): Promise<void> {
    if ((await this.catalog.stores.find(fromUserId))?.state === 'active')
      await this.catalog.stores.transition(storeId, 'active', 'moving', actor);
    await this.db.withhold(fromUserId);
    await this.db.lendWithheld(fromUserId, (store) => assertEnded(fromUserId, store));
  }

  #receive(runId: string, { merge }: MergeRunBody, progress: Progress): Promise<FileTally> {
    const context = { runId, progress, encryptionKey: this.config.encryptionKey };
    return this.db.lendWithheld(merge.fromUserId, (source) =>
      this.db.lendOf(merge.intoUserId, (target) => receiveMemory(merge, { source, target }, context)),
    );
  }

  async #takeBack(runId: string, progress: Progress, actor: string): Promise<void> {
    const body = await this.#bodyOf(runId);
    const { fromUserId, intoUserId, storeId } = body.merge;
    progress.phase('undoing', { memories: 1 });
    const store = await this.catalog.stores.find(fromUserId);
    // Their person has them again before anything is taken away.
    if (body.withholds && store?.state === 'moving') await this.catalog.stores.transition(storeId, 'moving', 'active', actor);
    if (body.withholds && store?.state === 'archived' && body.aliasIds !== null)
      await this.catalog.handovers.giveBack({ ...body.merge, aliasIds: body.aliasIds }, actor);
    await this.#rememberAliases(body);
    // From here on it is no longer this run's business who has the store.
    const left: MergeRunBody = { ...body, withholds: false, aliasIds: null };
    await this.#keep(runId, 'undoing', left, actor);
    const undone = undoneMemory(intoUserId, await this.db.lendOf(intoUserId, ({ imports }) => imports.undo(runId)));
    progress.memory();
    const state = body.failure === null ? 'undone' : 'failed';
    await this.#keep(runId, state, { ...left, undone: [undone] }, actor);
  }

  /** A merge that has failed is taken back, unless the names were handed over already; a taking back that has failed can be repeated. */
  async #failed(runId: string, what: 'run' | 'undo', error: unknown, progress: Progress, actor: string): Promise<void> {
    const body = { ...(await this.#bodyOf(runId)), failure: failureOf(error) };
    const isOver = (await this.catalog.stores.find(body.merge.fromUserId))?.state === 'archived';
    if (what === 'undo' || isOver) {
      await this.#keep(runId, 'failed', body, actor);
      return;
    }
    await this.#keep(runId, 'undoing', body, actor);
    try {
      await this.#takeBack(runId, progress, actor);
    } catch (second) {
      this.#log.error({ runId, err: second }, 'a merge that has failed could not be taken back');
      if (!progress.signal.aborted) await this.#keep(runId, 'failed', await this.#bodyOf(runId), actor);
    }
  }

  /** A rebuilt catalog has to know whose the names are. */
  async #rememberAliases({ merge: { fromUserId, intoUserId } }: MergeRunBody): Promise<void> {
    await this.db.rememberAliases(intoUserId);
    await this.db.rememberAliases(fromUserId);
  }

  async #bodyOf(runId: string): Promise<MergeRunBody> {
    return (await this.catalog.migrations.body(runId)) as unknown as MergeRunBody;
  }

  #keep(runId: string, state: MigrationDocument['state'], body: MergeRunBody, actor: string): Promise<MigrationDocument> {
    return this.catalog.migrations.update(runId, { state, body: body as unknown as JsonValue }, actor);
  }
}

/** @throws Conflict while an execution has not ended: it would have two memories, or none. */
async function assertEnded(userId: string, store: MemoryStore): Promise<void> {
  const open = await store.read(({ executions }) => executions.findOpen());
  if (open)
    throw new Conflict(
      `The execution ${open.id} of user ${userId} is ${open.state}. Wait until it has ended, or cancel it, then merge again.`,
    );
}

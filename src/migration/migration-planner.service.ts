import { Injectable } from '@nestjs/common';
import type { MigrationDocument } from '#catalog';
import { sha256, canonicalJson, steadyClock, type JsonValue } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { Homecoming } from './homecoming.js';
import { LegacyFiles } from './legacy-files.service.js';
import type { MemoryAccount } from './memory-account.js';
import { MigrationJobs } from './migration-jobs.service.js';
import { People } from './people.js';
import { planHash, type PlanBody } from './plan-body.js';
import type { Progress } from './progress.js';
import { ScratchMemories } from './scratch-memories.js';
import { UnassignedMemory } from '../db-connection/unassigned-memory.service.js';

/** Says what there is, and what a run would make of it. Neither changes anybody's memory. */
@Injectable()
export class MigrationPlanner {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly files: LegacyFiles,
    private readonly unassigned: UnassignedMemory,
    private readonly jobs: MigrationJobs,
  ) {}

  /** Looks through the roots. @throws Conflict while another migration is under way. */
  async scan(actor: string): Promise<MigrationDocument> {
    this.files.assertRoots();
    return this.jobs.make('scan', actor, async (progress) => {
      const { report } = await this.files.scan(progress);
      return { body: report, hash: sha256(canonicalJson(report as unknown as JsonValue)) };
    });
  }

  /** Tries out, on copies that are thrown away, what a run would do. @throws Conflict while another migration is under way. */
  async plan(actor: string): Promise<MigrationDocument> {
    this.files.assertRoots();
    return this.jobs.make('plan', actor, async (progress, planId) => {
      const body = await this.#tryOut(planId, progress);
      return { body, hash: planHash(body) };
    });
  }

  async #tryOut(planId: string, progress: Progress): Promise<PlanBody> {
    const begun = steadyClock.now();
    const { report: scan, candidates, knowledge } = await this.files.scan(progress);
    const people = await People.of(this.catalog);
    for (const name of knowledge.names()) people.add(name);
    const assignments = await this.catalog.migrations.assignments();
    await using memories = await ScratchMemories.empty(this.config.dataDir, this.catalog, this.db, this.unassigned);
    const homecoming = new Homecoming(this.files, memories, planId, progress, this.config.encryptionKey);
    const salts = [this.config.salt, ...this.config.legacySalts];
    const { files, recipients } = await homecoming.receive(candidates, { people, knowledge, assignments, salts });
    progress.phase('settling', { memories: recipients.length });
    const accounts: MemoryAccount[] = [];
    for (const person of recipients) {
      progress.signal.throwIfAborted();
      accounts.push(await homecoming.settle(person));
      progress.memory();
    }
    const seconds = Math.round((steadyClock.now() - begun) / 100) / 10;
    // Everybody: the run has to come to the same hashes of names, whoever is new by then.
    return { scan, people: people.all(), assignments, files, memories: accounts, seconds };
  }
}

import { Injectable } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import type { MigrationAssignment, MigrationDocument, MigrationKind } from '#catalog';
import { Conflict } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { MigrationJobs } from './migration-jobs.service.js';
import { MigrationPlanner } from './migration-planner.service.js';
import { planReport, runReport, type MigrationReport } from './migration-report.js';
import { MigrationRunner } from './migration-runner.service.js';
import type { PlanBody } from './plan-body.js';
import { NOT_BEGUN, type ProgressReport } from './progress.js';
import type { ScanReport } from './scan-report.js';

/** Brings old databases home: scan, plan, run, undo, and the reports of them. The API and the command line are both on it. */
@Injectable()
export class MigrationService {
  constructor(
    private readonly catalog: CatalogService,
    private readonly planner: MigrationPlanner,
    private readonly runner: MigrationRunner,
    private readonly jobs: MigrationJobs,
  ) {}

  /** Begins to look through the roots. @throws Conflict while another migration is under way. */
  scan(actor: string): Promise<MigrationDocument> {
    return this.planner.scan(actor);
  }

  /** Begins a plan. @throws Conflict while another migration is under way. */
  plan(actor: string): Promise<MigrationDocument> {
    return this.planner.plan(actor);
  }

  /** Begins to carry a plan out, or goes on with it. @throws NotFound, Conflict */
  run(planId: string, actor: string): Promise<MigrationDocument> {
    return this.runner.run(planId, actor);
  }

  /** Begins to take a run back. @throws NotFound, Conflict */
  undo(runId: string, actor: string): Promise<MigrationDocument> {
    return this.runner.undo(runId, actor);
  }

  /** @throws NotFound */
  get(kind: MigrationKind, id: string): Promise<MigrationDocument> {
    return this.catalog.migrations.get(kind, id);
  }

  /** Those of one kind, newest first. */
  async list(
    kind: MigrationKind,
    { limit, before }: { readonly limit: number; readonly before: string | null },
  ): Promise<MigrationDocument[]> {
    return [...(await this.catalog.migrations.list(kind, { limit, after: before })).items];
  }

  /** Why a scan, plan or run did not come to its end; null otherwise. */
  async failureOf({ documentId, state }: MigrationDocument): Promise<string | null> {
    if (state !== 'failed') return null;
    const body = (await this.catalog.migrations.body(documentId)) as { readonly failure?: string | null };
    return body.failure ?? null;
  }

  /** @throws NotFound; Conflict before the scan is complete. */
  async scanReport(scanId: string): Promise<ScanReport> {
    return (await this.#completed('scan', scanId)) as ScanReport;
  }

  /** What a run of the plan would do. @throws NotFound; Conflict before the plan is complete. */
  async planReport(planId: string, kind: 'plan' | 'merge-plan' = 'plan'): Promise<MigrationReport> {
    const plan = (await this.#completed(kind, planId)) as PlanBody;
    const { state, hash } = await this.get(kind, planId);
    return planReport(planId, state, hash, plan);
  }

  /** What a run has done so far. @throws NotFound */
  async runReport(runId: string, kind: 'run' | 'merge-run' = 'run'): Promise<MigrationReport> {
    const { state } = await this.get(kind, runId);
    const run = await this.runner.bodyOf(runId);
    const plan = (await this.catalog.migrations.body(run.planId)) as unknown as PlanBody;
    return runReport(runId, state, plan, run);
  }

  /** The progress of what is under way, until it ends; one last report of what has ended. */
  progress(id: string): Observable<ProgressReport> {
    return this.jobs.find(id)?.reports ?? of({ ...NOT_BEGUN, phase: 'ended' });
  }

  /** Resolves when it is no longer under way. */
  ended(id: string): Promise<void> {
    return this.jobs.ended(id);
  }

  /** Says whose the rows of a file are that don't say it themselves. @throws NotFound */
  assign(file: string, name: string | null, userId: string, actor: string): Promise<MigrationAssignment> {
    return this.catalog.migrations.assign(file, name, userId, actor);
  }

  assignments(): Promise<readonly MigrationAssignment[]> {
    return this.catalog.migrations.assignments();
  }

  async #completed(kind: MigrationKind, id: string): Promise<unknown> {
    const document = await this.get(kind, id);
    if (document.state !== 'completed') {
      const failure = await this.failureOf(document);
      throw new Conflict(
        failure === null
          ? `The ${kind} ${id} is not complete yet. Ask again when it has ended.`
          : `The ${kind} ${id} has failed: ${failure}`,
      );
    }
    return this.catalog.migrations.body(id);
  }
}

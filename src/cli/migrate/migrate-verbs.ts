import type { MigrationDocument } from '#catalog';
import { SHARED_SECRET, canonicalName } from '../../auth/canonical-user.js';
import { CatalogService } from '../../catalog/catalog.service.js';
import type { MigrationService } from '../../migration/migration.service.js';
import { reportText, scanText } from '../../migration/report-text.js';
import { CommandError } from '../command.js';

/** Who is said to have done what the command line does. */
const ACTOR = 'operator';

/** What a command says: for people, and for programs. */
export interface Said {
  readonly text: string;
  readonly json: unknown;
}

export interface MigrateOptions {
  readonly file?: string;
  readonly name?: string;
  readonly user?: string;
}

/** What the command line can do, by its words. */
export class MigrateVerbs {
  constructor(
    private readonly migration: MigrationService,
    private readonly catalog: CatalogService,
    private readonly watch: (id: string) => Promise<void>,
  ) {}

  async scan(): Promise<Said> {
    const { documentId } = await this.#completed(await this.migration.scan(ACTOR));
    const report = await this.migration.scanReport(documentId);
    return { text: scanText(report), json: { scanId: documentId, ...report } };
  }

  async plan(): Promise<Said> {
    const { documentId: planId, hash } = await this.#completed(await this.migration.plan(ACTOR));
    const report = await this.migration.planReport(planId);
    const next = `To carry it out: npm run migrate -- run ${planId}\n`;
    return { text: `${reportText(report)}\n${next}`, json: { ...report, planId, hash } };
  }

  async run(planId: string): Promise<Said> {
    return this.#runSaid(await this.#completed(await this.migration.run(planId, ACTOR)));
  }

  async undo(runId: string): Promise<Said> {
    return this.#runSaid(await this.#completed(await this.migration.undo(runId, ACTOR)));
  }

  /** Of a run, or of a plan. */
  async report(id: string): Promise<Said> {
    const plan = await this.migration.get('plan', id).catch(() => null);
    const report = plan ? await this.migration.planReport(id) : await this.migration.runReport(id);
    return { text: reportText(report), json: report };
  }

  async assign({ file, name, user }: MigrateOptions): Promise<Said> {
    if (file === undefined || user === undefined)
      throw new CommandError('Say --file SHA256 and --user NAME, and --name NAME where the rows bear one.');
    const { userId } = await this.catalog.users.resolve({ issuer: SHARED_SECRET, name: canonicalName(user) });
    const assignment = await this.migration.assign(file, name ?? null, userId, ACTOR);
    return { text: `Plans that are made from now on give those rows to ${canonicalName(user)} (${userId}).\n`, json: assignment };
  }

  async #runSaid({ documentId }: MigrationDocument): Promise<Said> {
    const report = await this.migration.runReport(documentId);
    return { text: reportText(report), json: report };
  }

  /** Waits until it has ended. @throws CommandError when it failed */
  async #completed({ documentId, kind }: MigrationDocument): Promise<MigrationDocument> {
    await this.watch(documentId);
    await this.migration.ended(documentId);
    const document = await this.migration.get(kind, documentId);
    const failure = await this.migration.failureOf(document);
    if (failure !== null) throw new CommandError(`The ${kind} ${documentId} has failed: ${failure}`);
    return document;
  }
}

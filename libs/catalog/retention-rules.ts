import { NotFound } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { isGone } from './forget-person.js';
import type { RetentionRow } from './schema.js';
import type { CatalogStorage } from './storage.js';

/** For how many days a person keeps what has ended; null: for good. */
export interface RetentionRule {
  readonly executionsDays: number | null;
  /** Of conversations that belong to no execution. */
  readonly conversationsDays: number | null;
}

const EVERYTHING: RetentionRule = { executionsDays: null, conversationsDays: null };

/** How long people keep what they have. */
export class RetentionRules {
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** The rule of a person. Who has set none keeps everything. */
  async of(userId: string): Promise<RetentionRule> {
    const row = await this.storage.read((db) =>
      db.selectFrom('retention_rules').selectAll().where('user_id', '=', userId).executeTakeFirst(),
    );
    return row ? toRule(row) : EVERYTHING;
  }

  /** The rules of all who have set one, by user. */
  async all(): Promise<ReadonlyMap<string, RetentionRule>> {
    const rows = await this.storage.read((db) => db.selectFrom('retention_rules').selectAll().execute());
    return new Map(rows.map((row) => [row.user_id, toRule(row)]));
  }

  /** Sets the rule of a person. @throws NotFound when there is no such person. */
  async set(userId: string, rule: RetentionRule, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      if (await isGone(tx, userId)) throw new NotFound('user', userId);
      const { executionsDays: executions_days, conversationsDays: conversations_days } = rule;
      await tx.deleteFrom('retention_rules').where('user_id', '=', userId).execute();
      await tx
        .insertInto('retention_rules')
        .values({ user_id: userId, executions_days, conversations_days, updated_by: actor, updated_at: this.storage.now() })
        .execute();
      await this.audit.write(tx, actor, 'retention.changed', userId, { ...rule });
    });
  }
}

function toRule({ executions_days: executionsDays, conversations_days: conversationsDays }: RetentionRow): RetentionRule {
  return { executionsDays, conversationsDays };
}

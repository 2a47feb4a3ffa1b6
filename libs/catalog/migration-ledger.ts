import { NotFound, uuidv7, type JsonObject, type JsonValue } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { writeBody } from './migration-body.js';
import { isGone } from './forget-person.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { MigrationDocumentRow } from './schema.js';
import type { CatalogStorage } from './storage.js';

export type MigrationKind = 'scan' | 'plan' | 'run' | 'merge-plan' | 'merge-run';
export type MigrationState = 'running' | 'completed' | 'failed' | 'undoing' | 'undone';

/**
 * A scan for old databases, a plan to take them in or to merge two memories, or the run that carries a plan out. Its body is read apart: it may be
 * megabytes.
 */
export interface MigrationDocument {
  readonly documentId: string;
  readonly kind: MigrationKind;
  readonly state: MigrationState;
  /** Of a run, its plan; of anything else null. */
  readonly parentId: string | null;
  /** What the body says, as a hash; null while it is being made. */
  readonly hash: string | null;
  /** A user id, or `system`. */
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface MigrationCount {
  readonly kind: MigrationKind;
  readonly state: MigrationState;
  readonly count: number;
}

/** Rows of a file that don't say whose they are, given to somebody by an administrator. */
export interface MigrationAssignment {
  /** SHA-256 of the content of the file. */
  readonly file: string;
  /** The name that many people bore under which the rows stand; null for rows that name nobody. */
  readonly name: string | null;
  readonly userId: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

/** What was found, planned and done to bring old databases home, and to make one of two memories. */
export class MigrationLedger {
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** Begins a document, in the state `running`. */
  create(kind: MigrationKind, actor: string, body: JsonValue, parentId: string | null = null): Promise<MigrationDocument> {
    return this.storage.transact(async (tx) => {
      const now = this.storage.now();
      const document_id = uuidv7(this.storage.clock.now());
      const row: MigrationDocumentRow = {
        document_id,
        kind,
        state: 'running',
        parent_id: parentId,
        hash: null,
        created_by: actor,
        created_at: now,
        updated_at: now,
      };
      await tx.insertInto('migration_documents').values(row).execute();
      await writeBody(tx, document_id, body);
      await this.audit.write(tx, actor, `migration.${kind}.begun`, document_id);
      return toDocument(row);
    });
  }

  /** Moves a document on, with another body where one is given. @throws NotFound */
  async update(
    documentId: string,
    change: { readonly state: MigrationState; readonly body?: JsonValue; readonly hash?: string },
    actor: string,
  ): Promise<MigrationDocument> {
    return this.storage.transact(async (tx) => {
      const { state, body, hash } = change;
      const row = await tx.selectFrom('migration_documents').selectAll().where('document_id', '=', documentId).executeTakeFirst();
      if (!row) throw new NotFound('migration', documentId);
      const next = { state, hash: hash ?? row.hash, updated_at: this.storage.now() };
      await tx.updateTable('migration_documents').set(next).where('document_id', '=', documentId).execute();
      if (body !== undefined) {
        await tx.deleteFrom('migration_texts').where('document_id', '=', documentId).execute();
        await writeBody(tx, documentId, body);
      }
      if (state !== row.state) await this.audit.write(tx, actor, `migration.${row.kind}.${state}`, documentId);
      return toDocument({ ...row, ...next });
    });
  }

  /** @throws NotFound when there is none of this kind. */
  async get(kind: MigrationKind, documentId: string): Promise<MigrationDocument> {
    const row = await this.storage.read((db) =>
      db.selectFrom('migration_documents').selectAll().where('document_id', '=', documentId).where('kind', '=', kind).executeTakeFirst(),
    );
    if (!row) throw new NotFound(`migration ${kind}`, documentId);
    return toDocument(row);
  }

  async body(documentId: string): Promise<JsonValue> {
    const parts = await this.storage.read((db) =>
      db.selectFrom('migration_texts').select('text').where('document_id', '=', documentId).orderBy('part').execute(),
    );
    if (parts.length === 0) throw new NotFound('migration', documentId);
    return JSON.parse(parts.map(({ text }) => text).join('')) as JsonValue;
  }

  /** The run of a plan that was not undone, or null. */
  async runOf(planId: string): Promise<MigrationDocument | null> {
    const row = await this.storage.read((db) =>
      db
        .selectFrom('migration_documents')
        .selectAll()
        .where('parent_id', '=', planId)
        .where('state', '!=', 'undone')
        .orderBy('document_id', 'desc')
        .executeTakeFirst(),
    );
    return row ? toDocument(row) : null;
  }

  /** How many there are, by kind and state. */
  async counts(): Promise<readonly MigrationCount[]> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('migration_documents')
        .select(({ fn }) => ['kind', 'state', fn.countAll<number>().as('count')])
        .groupBy(['kind', 'state'])
        .execute(),
    );
    return rows as readonly MigrationCount[];
  }

  /** Those that are under way, or were when the server stopped. */
  async unfinished(): Promise<readonly MigrationDocument[]> {
    const rows = await this.storage.read((db) =>
      db.selectFrom('migration_documents').selectAll().where('state', 'in', ['running', 'undoing']).orderBy('document_id').execute(),
    );
    return rows.map(toDocument);
  }

  /** Those of one kind, newest first. */
  async list(kind: MigrationKind, { limit, after }: PageRequest): Promise<CatalogPage<MigrationDocument>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('migration_documents')
        .selectAll()
        .where('kind', '=', kind)
        .$if(after !== null, (query) => query.where('document_id', '<', after ?? ''))
        .orderBy('document_id', 'desc')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.document_id, toDocument);
  }

  /** Says whose the rows of a file are that don't say it themselves. It counts for plans that are made from then on. @throws NotFound */
  assign(file: string, name: string | null, userId: string, actor: string): Promise<MigrationAssignment> {
    return this.storage.transact(async (tx) => {
      if (await isGone(tx, userId)) throw new NotFound('user', userId);
      const row = { file, name: name ?? '', user_id: userId, created_by: actor, created_at: this.storage.now() };
      await tx.deleteFrom('migration_assignments').where('file', '=', file).where('name', '=', row.name).execute();
      await tx.insertInto('migration_assignments').values(row).execute();
      const details: JsonObject = { file };
      await this.audit.write(tx, actor, 'migration.assigned', userId, details);
      return { file, name, userId, createdBy: actor, createdAt: row.created_at };
    });
  }

  async assignments(): Promise<readonly MigrationAssignment[]> {
    const rows = await this.storage.read((db) =>
      db.selectFrom('migration_assignments').selectAll().orderBy('file').orderBy('name').execute(),
    );
    return rows.map(({ file, name, user_id: userId, created_by: createdBy, created_at: createdAt }) => ({
      file,
      name: name === '' ? null : name,
      userId,
      createdBy,
      createdAt,
    }));
  }
}

function toDocument(row: MigrationDocumentRow): MigrationDocument {
  return {
    documentId: row.document_id,
    kind: row.kind as MigrationKind,
    state: row.state as MigrationState,
    parentId: row.parent_id,
    hash: row.hash,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

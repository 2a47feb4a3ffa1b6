import { sql } from 'kysely';
import type { JsonObject, JsonValue } from '#core';
import { writeBody } from './migration-body.js';
import { redacted } from './redaction.js';
import type { CatalogTransaction } from './storage.js';

/** The issuer of those who were erased: what is left of them is an id. */
export const ERASED = 'erased';

/** What is of one user alone. Alerts name files, whose names are made of that of the person, or were given by an operator. */
const OF_ONE_USER = ['aliases', 'roles', 'api_keys', 'idempotency_keys', 'retention_rules', 'migration_assignments', 'alerts'] as const;

/** How many rows of each kind went. */
export type Forgotten = Readonly<Record<string, number>>;

/** Whether there is nobody of this id, or nobody any more. */
export async function isGone(db: CatalogTransaction, userId: string): Promise<boolean> {
  const issuer = await issuerOf(db, userId);
  return issuer === undefined || issuer === ERASED;
}

/** Whether somebody was erased. What comes late of them is not kept. */
export async function isErased(db: CatalogTransaction, userId: string): Promise<boolean> {
  return (await issuerOf(db, userId)) === ERASED;
}

async function issuerOf(db: CatalogTransaction, userId: string): Promise<string | undefined> {
  const row = await db.selectFrom('users').select('issuer').where('user_id', '=', userId).executeTakeFirst();
  return row?.issuer;
}

/** A person, and those whose memories were merged into theirs: the same person under former names. The person is the first. */
export async function onePerson(tx: CatalogTransaction, userId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('users')
    .innerJoin('aliases', (join) => join.onRef('aliases.issuer', '=', 'users.issuer').onRef('aliases.name', '=', 'users.canonical_name'))
    .select('users.user_id')
    .where('aliases.user_id', '=', userId)
    .where('users.user_id', '!=', userId)
    .orderBy('users.user_id')
    .execute();
  return [userId, ...rows.map((row) => row.user_id)];
}

/** All names that a catalog has of these users. */
export async function namesOf(tx: CatalogTransaction, userIds: readonly string[]): Promise<readonly string[]> {
  const users = await tx.selectFrom('users').selectAll().where('user_id', 'in', userIds).where('issuer', '!=', ERASED).execute();
  const aliases = await tx.selectFrom('aliases').select('name').where('user_id', 'in', userIds).execute();
  return [...new Set([...users.map((user) => user.canonical_name), ...aliases.map(({ name }) => name)])].sort();
}

/**
 * Takes everything out of a catalog that says who these users were. Their rows stay, as ids. Repeated, it removes what came since.
 * @param known names of theirs that this catalog may not know to be theirs.
 * @returns null when the catalog never knew them.
 */
export async function forgetPerson(
  tx: CatalogTransaction,
  userIds: readonly string[],
  known: readonly string[],
  now: string,
): Promise<Forgotten | null> {
  const users = await tx.selectFrom('users').selectAll().where('user_id', 'in', userIds).execute();
  if (users.length === 0) return null;
  const own = users.filter(({ issuer }) => issuer !== ERASED);
  const names = [...new Set([...known, ...(await namesOf(tx, userIds))])];
  const forgotten: Record<string, number> = {};
  for (const table of OF_ONE_USER) {
    const { numDeletedRows } = await tx.deleteFrom(table).where('user_id', 'in', userIds).executeTakeFirst();
    forgotten[table] = Number(numDeletedRows);
  }
  forgotten['identity_flips'] = await forgetFlips(tx, userIds, names);
  forgotten['claims'] = await forgetClaims(tx, userIds);
  forgotten['migration_documents'] = await redactDocuments(tx, userIds, names);
  await redactRest(tx, names, userIds);
  for (const { user_id } of own)
    await tx.updateTable('users').set({ issuer: ERASED, canonical_name: user_id }).where('user_id', '=', user_id).execute();
  const stores = await tx.selectFrom('stores').select('store_id').where('user_id', 'in', userIds).where('state', '!=', 'erased').execute();
  for (const { store_id } of stores)
    // The name of a file is made of that of its person.
    await tx
      .updateTable('stores')
      .set({ state: 'erased', location: `${ERASED}-${store_id}`, may_have_work: false, updated_at: now })
      .where('store_id', '=', store_id)
      .execute();
  forgotten['stores'] = stores.length;
  return forgotten;
}

async function forgetFlips(tx: CatalogTransaction, userIds: readonly string[], names: readonly string[]): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('identity_flips')
    .where((eb) => eb.or([eb('user_id', 'in', userIds), ...(names.length > 0 ? [eb('name', 'in', names)] : [])]))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** With the hashes of the values, and the notes of those that nobody shares any more. */
async function forgetClaims(tx: CatalogTransaction, userIds: readonly string[]): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('claims').where('user_id', 'in', userIds).executeTakeFirst();
  await sql`delete from shared_claims where (issuer, value_hash) not in (select issuer, value_hash from claims)`.execute(tx);
  return Number(numDeletedRows);
}

/** Scans, plans and reports of migrations name people. A plan that does can't be run any more: it would bring the person back. */
async function redactDocuments(tx: CatalogTransaction, userIds: readonly string[], names: readonly string[]): Promise<number> {
  const documents = await tx.selectFrom('migration_documents').selectAll().execute();
  let count = 0;
  for (const { document_id, kind, state } of documents) {
    const parts = await tx.selectFrom('migration_texts').selectAll().where('document_id', '=', document_id).orderBy('part').execute();
    if (parts.length === 0) continue;
    const text = parts.map((part) => part.text).join('');
    const clean = redacted(JSON.parse(text) as JsonValue, { names, userIds });
    if (!clean.touched) continue;
    count += 1;
    const ends = (kind === 'plan' || kind === 'merge-plan') && state === 'completed';
    const body = ends ? { ...(clean.value as JsonObject), failure: 'A person in it was erased. Make another.' } : clean.value;
    await writeDocument(tx, document_id, body);
    if (ends) await tx.updateTable('migration_documents').set({ state: 'failed' }).where('document_id', '=', document_id).execute();
  }
  return count;
}

async function writeDocument(tx: CatalogTransaction, documentId: string, body: JsonValue): Promise<void> {
  await tx.deleteFrom('migration_texts').where('document_id', '=', documentId).execute();
  await writeBody(tx, documentId, body);
}

/** Answers that others were given, and details of the audit trail, which have ids only: whatever names the person there goes. */
async function redactRest(tx: CatalogTransaction, names: readonly string[], userIds: readonly string[]): Promise<void> {
  const answers = await tx.selectFrom('idempotency_keys').select(['request_hash', 'body', 'location']).execute();
  for (const { request_hash, body, location } of answers) {
    const parsed = (body === null ? null : JSON.parse(body)) as JsonValue;
    if (!redacted([parsed, location], { names, userIds }).touched) continue;
    await tx.deleteFrom('idempotency_keys').where('request_hash', '=', request_hash).execute();
  }
  const entries = await tx.selectFrom('audit').select(['entry_id', 'details']).execute();
  for (const { entry_id, details } of entries) {
    const clean = redacted(details, { names, userIds: [] });
    if (clean.touched)
      await tx
        .updateTable('audit')
        .set({ details: clean.value as JsonObject })
        .where('entry_id', '=', entry_id)
        .execute();
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Conflict, NotFound, uuidv7 } from '#core';
import { Catalog, type Alert, type Store } from './index.js';

const ISSUER = 'shared-secret';
const NOW = '2026-01-01T00:00:00.000Z';
const ALERT: Omit<Alert, 'alertId' | 'fingerprint' | 'storeId' | 'userId' | 'details'> = {
  type: 'memory-switch',
  severity: 'critical',
  summary: 'A file is not the one that was left.',
  state: 'firing',
  firstAt: NOW,
  lastAt: NOW,
  times: 1,
  resolvedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  delivery: { state: 'sent', attempts: 1, lastError: null, sentAt: NOW },
};

let directory: string;
let catalog: Catalog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'erasures-'));
  catalog = await Catalog.open({ directory, file: 'catalog.db' }, { create: true });
});

afterEach(async () => {
  await catalog.close();
  rmSync(directory, { recursive: true });
});

const everyone = { limit: 500, after: null };

async function person(name: string): Promise<Store> {
  const claims = [{ issuer: ISSUER, kind: 'email', value: `${name}@example.org` } as const];
  const { userId } = await catalog.users.recognise({ issuer: ISSUER, name }, claims);
  const { storeId } = await catalog.stores.provision(userId, { backend: 'duckdb', location: `${name}.db` });
  return catalog.stores.transition(storeId, 'provisioning', 'active', 'system');
}

/** Makes one of two. */
async function merge(from: Store, into: Store): Promise<void> {
  const aliasIds = (await catalog.aliases.list(from.userId)).map(({ aliasId }) => aliasId);
  await catalog.stores.transition(from.storeId, 'active', 'moving', 'admin');
  await catalog.handovers.handOver({ fromUserId: from.userId, intoUserId: into.userId, storeId: from.storeId, aliasIds }, 'admin');
}

describe('an erasure', () => {
  it('withholds the memory from its first moment on, and is one however often it is begun', async () => {
    const ada = await person('ada');
    const { secret } = await catalog.apiKeys.create({ userId: ada.userId, name: 'k', scopes: ['read'], expiresAt: null });
    expect(await catalog.apiKeys.authenticate(secret)).not.toBeNull();
    const erasure = await catalog.erasures.begin(ada.userId, 'admin');
    expect(erasure).toMatchObject({ userId: ada.userId, userIds: [ada.userId], step: 'files', endedAt: null, report: {} });
    expect(await catalog.stores.find(ada.userId)).toMatchObject({ state: 'moving' });
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
    expect(await catalog.erasures.begin(ada.userId, 'another')).toEqual(erasure);
    expect(await catalog.erasures.unfinished()).toEqual([erasure]);
    expect(await catalog.erasures.namesOf(erasure)).toEqual(['ada']);
    const next = await catalog.erasures.advance(erasure, 'backups', { files: 1 });
    expect(await catalog.erasures.get(erasure.erasureId)).toEqual({ ...erasure, ...next, step: 'backups', report: { files: 1 } });
    await expect(catalog.erasures.begin('01890000-0000-7000-8000-000000000000', 'admin')).rejects.toThrow(NotFound);
  });

  it('is of a person with all that was merged into theirs, and not of what is another person’s now', async () => {
    const [old, older, ada] = [await person('old'), await person('older'), await person('ada')];
    await merge(older, old);
    await merge(old, ada);
    await expect(catalog.erasures.begin(old.userId, 'admin')).rejects.toThrow(Conflict);
    const erasure = await catalog.erasures.begin(ada.userId, 'admin');
    expect(erasure.userIds.toSorted()).toEqual([ada.userId, old.userId, older.userId].toSorted());
    expect((await catalog.erasures.doomed(erasure)).map(({ location }) => location).sort()).toEqual(['ada.db', 'old.db', 'older.db']);
    await catalog.erasures.forget(erasure);
    expect(await catalog.erasures.doomed(erasure)).toEqual([]);
  });

  it('leaves ids, takes every name out of what others wrote, and keeps what is not about the person', async () => {
    const [ada, ben] = [await person('ada'), await person('ben')];
    const admin = await person('root');
    const answer = { bodyHash: 'h', status: 201, location: null };
    const request = { userId: admin.userId, method: 'POST', path: '/aliases' };
    await catalog.idempotencyKeys.keep({ ...request, key: '1' }, { ...answer, body: '{"name":"Ada"}' });
    await catalog.idempotencyKeys.keep({ ...request, key: '2' }, { ...answer, body: '{"name":"Ben"}' });
    const plan = await catalog.migrations.create('plan', admin.userId, { people: [{ key: ada.userId, name: 'ada', names: ['ada'] }] });
    await catalog.migrations.update(plan.documentId, { state: 'completed', hash: 'h' }, admin.userId);
    const other = await catalog.migrations.create('plan', admin.userId, { people: [{ key: ben.userId, name: 'ben', names: ['ben'] }] });
    await catalog.migrations.update(other.documentId, { state: 'completed', hash: 'h' }, admin.userId);
    await catalog.migrations.assign('f'.repeat(64), 'ada', ada.userId, admin.userId);
    await catalog.audit.append(admin.userId, 'something.done', 'x', { about: 'ada' });
    await catalog.roles.grant(ada.userId, 'admin', admin.userId);
    await catalog.retentionRules.set(ada.userId, { executionsDays: 1, conversationsDays: null }, ada.userId);

    for (const { storeId, userId, location } of [ada, ben])
      await catalog.alerts.raise({ ...ALERT, alertId: uuidv7(), fingerprint: location, storeId, userId, details: { file: location } });

    const erasure = await catalog.erasures.begin(ada.userId, admin.userId);
    const forgotten = await catalog.erasures.forget(erasure);
    expect(forgotten).toMatchObject({
      aliases: 1,
      roles: 1,
      claims: 1,
      migration_assignments: 1,
      migration_documents: 1,
      retention_rules: 1,
      alerts: 1,
      stores: 1,
    });
    // Once more, as after a crash, there is nothing to do.
    expect(new Set(Object.values((await catalog.erasures.forget(erasure)) ?? {}))).toEqual(new Set([0, 1]));
    expect((await catalog.users.list(everyone)).items.find(({ userId }) => userId === ada.userId)).toMatchObject({
      issuer: 'erased',
      name: ada.userId,
    });
    expect((await catalog.stores.list(everyone)).items.find(({ userId }) => userId === ada.userId)).toMatchObject({
      state: 'erased',
      location: `erased-${ada.storeId}`,
    });
    expect(await catalog.idempotencyKeys.find({ ...request, key: '1' })).toBeNull();
    expect(await catalog.idempotencyKeys.find({ ...request, key: '2' })).not.toBeNull();
    expect(await catalog.migrations.get('plan', plan.documentId)).toMatchObject({ state: 'failed' });
    expect(JSON.stringify(await catalog.migrations.body(plan.documentId))).not.toContain('"ada"');
    expect(await catalog.migrations.get('plan', other.documentId)).toMatchObject({ state: 'completed' });
    expect(await catalog.migrations.assignments()).toEqual([]);
    expect((await catalog.audit.list(everyone)).items.find(({ action }) => action === 'something.done')).toMatchObject({
      details: { about: '(erased)' },
    });
    // The name of a file is made of that of its person.
    expect((await catalog.alerts.list(everyone)).items.map(({ userId }) => userId)).toEqual([ben.userId]);
    expect(await catalog.aliases.list(ben.userId)).toHaveLength(1);
    expect(await catalog.stores.find(ben.userId)).toEqual(ben);
  });

  it('is final: what comes late of the person is not kept, and the name is somebody new’s', async () => {
    const ada = await person('ada');
    await catalog.erasures.forget(await catalog.erasures.begin(ada.userId, 'admin'));
    const late = { userId: ada.userId, method: 'POST', path: '/', key: 'late' };
    await catalog.idempotencyKeys.keep(late, { bodyHash: 'h', status: 201, location: null, body: '"ada"' });
    expect(await catalog.idempotencyKeys.find(late)).toBeNull();
    const refused = [
      catalog.users.get(ada.userId),
      catalog.aliases.list(ada.userId),
      catalog.aliases.bind(ada.userId, { issuer: ISSUER, name: 'x' }, 'admin'),
      catalog.apiKeys.create({ userId: ada.userId, name: 'k', scopes: [], expiresAt: null }),
      catalog.roles.grant(ada.userId, 'admin', 'admin'),
      catalog.retentionRules.set(ada.userId, { executionsDays: null, conversationsDays: null }, ada.userId),
      catalog.identityFlips.declareStranger(ada.userId, { issuer: ISSUER, name: 'x' }, 'admin'),
      catalog.stores.provision(ada.userId, { backend: 'duckdb', location: 'x.db' }),
      catalog.erasures.begin(ada.userId, 'admin').then(({ step }) => step),
    ];
    const outcomes = await Promise.allSettled(refused);
    // The last is under way still.
    expect(outcomes.map(({ status }) => status)).toEqual([...Array.from({ length: 8 }, () => 'rejected'), 'fulfilled']);
    const again = await person('ada');
    expect(again.userId).not.toBe(ada.userId);
    expect(again.location).toBe(ada.location);
  });

  it('is taken to a copy of the catalog, which may know less', async () => {
    const ada = await person('ada');
    const path = join(directory, 'copy.db');
    await catalog.copyTo(path);
    const ben = await person('ben');
    const copy = await Catalog.open({ directory, file: 'copy.db' }, { create: false });
    try {
      expect(await copy.erasures.forget(await catalog.erasures.begin(ben.userId, 'admin'), ['ben'])).toBeNull();
      expect(await copy.erasures.forget(await catalog.erasures.begin(ada.userId, 'admin'), ['ada'])).toMatchObject({ stores: 1 });
      await copy.compact();
      await expect(copy.users.get(ada.userId)).rejects.toThrow(NotFound);
      expect((await copy.users.list(everyone)).items).toHaveLength(1);
    } finally {
      await copy.close();
    }
  });

  it('makes the catalog anew while it is used: who asks waits', async () => {
    const ada = await person('ada');
    const asked = Promise.all(Array.from({ length: 50 }, async (_, n) => catalog.users.resolve({ issuer: ISSUER, name: `user-${n}` })));
    const { bytesAfter } = await catalog.compact();
    expect(bytesAfter).toBeGreaterThan(0);
    expect(new Set((await asked).map(({ userId }) => userId)).size).toBe(50);
    expect(await catalog.stores.find(ada.userId)).toEqual(ada);
  });
});

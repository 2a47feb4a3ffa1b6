import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Conflict, isUuid, NotFound, QuotaExceeded } from '#core';
import { ManualClock } from '#core/testing';
import { DatabaseMissing } from '#database';
import { Catalog, type FoundStore, type Store } from './index.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const HOUR = 3_600_000;
const ADA = { issuer: 'shared-secret', name: 'ada' };
const BEN = { issuer: 'shared-secret', name: 'ben' };

let directory: string;
let clock: ManualClock;
let catalog: Catalog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'catalog-'));
  clock = new ManualClock(START);
  catalog = await open();
});

afterEach(async () => {
  await catalog.close();
  rmSync(directory, { recursive: true });
});

function open(create = true): Promise<Catalog> {
  return Catalog.open({ directory, file: 'catalog.db' }, { create, clock });
}

async function reopen(): Promise<void> {
  await catalog.close();
  catalog = await open(false);
}

describe('users', () => {
  it('are made once, however many ask at the same time', async () => {
    const users = await Promise.all(Array.from({ length: 64 }, () => catalog.users.resolve(ADA)));
    expect(new Set(users.map((user) => user.userId)).size).toBe(1);
    expect(users[0]).toMatchObject({ ...ADA, createdAt: '2026-01-01T00:00:00.000Z' });
    expect(isUuid(users[0]?.userId ?? '')).toBe(true);
    expect((await catalog.users.list({ limit: 10, after: null })).items).toHaveLength(1);
  });

  it('are the same after a restart, and different for each issuer and name', async () => {
    const ada = await catalog.users.resolve(ADA);
    await reopen();
    expect(await catalog.users.resolve(ADA)).toEqual(ada);
    expect(await catalog.users.get(ada.userId)).toEqual(ada);
    const others = await Promise.all([catalog.users.resolve(BEN), catalog.users.resolve({ ...ADA, issuer: 'https://id.example.org' })]);
    expect(new Set([ada, ...others].map((user) => user.userId)).size).toBe(3);
    await expect(catalog.users.get('nobody')).rejects.toThrow(NotFound);
  });

  it('are listed in pages without gaps', async () => {
    for (let index = 0; index < 5; index++) await catalog.users.resolve({ ...ADA, name: `user_${index}` });
    const first = await catalog.users.list({ limit: 3, after: null });
    const second = await catalog.users.list({ limit: 3, after: first.next });
    expect([...first.items, ...second.items].map((user) => user.name)).toEqual(['user_0', 'user_1', 'user_2', 'user_3', 'user_4']);
    expect(second.next).toBeNull();
  });
});

describe('aliases', () => {
  it('lead to the same person, from the next request on', async () => {
    const ada = await catalog.users.resolve(ADA);
    const other = { issuer: 'https://id.example.org', name: 'https://id.example.org|7' };
    const alias = await catalog.aliases.bind(ada.userId, other, 'admin');
    expect(alias).toMatchObject({ ...other, userId: ada.userId, canonical: false });
    expect(await catalog.users.resolve(other)).toEqual(ada);
    expect(await catalog.aliases.bind(ada.userId, other, 'admin')).toEqual(alias);
    expect((await catalog.aliases.list(ada.userId)).map((item) => [item.name, item.canonical])).toEqual([
      ['ada', true],
      [other.name, false],
    ]);
    await catalog.aliases.unbind(ada.userId, alias.aliasId, 'admin');
    expect((await catalog.users.resolve(other)).userId).not.toBe(ada.userId);
  });

  it('move from a person without a store, whose keys end with the last of them', async () => {
    const [ada, ben] = await Promise.all([catalog.users.resolve(ADA), catalog.users.resolve(BEN)]);
    const { secret } = await catalog.apiKeys.create({ userId: ben.userId, name: 'ci', scopes: ['read'], expiresAt: null });
    expect(await catalog.apiKeys.authenticate(secret)).not.toBeNull();
    await catalog.aliases.bind(ada.userId, BEN, 'admin');
    expect((await catalog.users.resolve(BEN)).userId).toBe(ada.userId);
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
    await expect(catalog.stores.provision(ben.userId, { backend: 'duckdb', location: 'ben.db' })).rejects.toThrow(NotFound);
  });

  it('never move from a person who owns a store', async () => {
    const [ada, ben] = await Promise.all([catalog.users.resolve(ADA), catalog.users.resolve(BEN)]);
    await catalog.stores.provision(ben.userId, { backend: 'duckdb', location: 'ben.db' });
    await expect(catalog.aliases.bind(ada.userId, BEN, 'admin')).rejects.toThrow(/merge them: POST \/api\/v2\/migration\/merges\/plans/);
    expect(await catalog.users.resolve(BEN)).toEqual(ben);
  });

  it('keep the one that the memory was made for', async () => {
    const ada = await catalog.users.resolve(ADA);
    const [canonical] = await catalog.aliases.list(ada.userId);
    await expect(catalog.aliases.unbind(ada.userId, canonical?.aliasId ?? '', 'admin')).rejects.toThrow(Conflict);
    await expect(catalog.aliases.unbind(ada.userId, 'none', 'admin')).rejects.toThrow(NotFound);
    await expect(catalog.aliases.bind('nobody', BEN, 'admin')).rejects.toThrow(NotFound);
    await expect(catalog.aliases.list('nobody')).rejects.toThrow(NotFound);
  });
});

describe('roles', () => {
  it('are granted and taken away, with effect on the next request', async () => {
    const { userId } = await catalog.users.resolve(ADA);
    expect(await catalog.roles.of(userId)).toEqual([]);
    await catalog.roles.grant(userId, 'admin', 'system');
    await catalog.roles.grant(userId, 'admin', 'system');
    expect(await catalog.roles.of(userId)).toEqual(['admin']);
    await catalog.roles.revoke(userId, 'admin', 'system');
    expect(await catalog.roles.of(userId)).toEqual([]);
    await expect(catalog.roles.grant('nobody', 'admin', 'system')).rejects.toThrow(NotFound);
  });
});

describe('stores', () => {
  const provision = async (identity = ADA, location = 'a.db'): Promise<Store> => {
    const { userId } = await catalog.users.resolve(identity);
    return catalog.stores.provision(userId, { backend: 'duckdb', location });
  };

  it('are one for each person, however many ask, and stay where they are', async () => {
    const stores = await Promise.all(Array.from({ length: 16 }, (_, index) => provision(ADA, `${index}.db`)));
    expect(new Set(stores.map((store) => store.storeId)).size).toBe(1);
    expect(await catalog.stores.find(stores[0]?.userId ?? '')).toEqual(stores[0]);
    expect(stores[0]?.state).toBe('provisioning');
    expect(await provision(ADA, 'elsewhere.db')).toEqual(stores[0]);
  });

  it('never share a place', async () => {
    await provision(ADA, 'a.db');
    await expect(provision(BEN, 'a.db')).rejects.toThrow(Conflict);
    const store = await provision(BEN, 'b.db');
    await expect(
      catalog.stores.transition(store.storeId, 'provisioning', 'active', 'system', { backend: 'duckdb', location: 'a.db' }),
    ).rejects.toThrow(Conflict);
  });

  it('go from state to state, and only from the one they are in to one that follows', async () => {
    const { storeId, userId } = await provision();
    await clock.advance(1000);
    const active = await catalog.stores.transition(storeId, 'provisioning', 'active', 'system');
    expect(active).toMatchObject({ state: 'active', updatedAt: '2026-01-01T00:00:01.000Z' });
    expect(await catalog.stores.find(userId)).toEqual(active);
    await expect(catalog.stores.transition(storeId, 'provisioning', 'active', 'system')).rejects.toThrow(/is active, not provisioning/);
    await expect(catalog.stores.transition(storeId, 'active', 'provisioning', 'system')).rejects.toThrow(Conflict);
    await catalog.stores.transition(storeId, 'active', 'moving', userId);
    const moved = await catalog.stores.transition(storeId, 'moving', 'active', userId, { backend: 'postgres', location: 'user_1' });
    await reopen();
    expect(await catalog.stores.find(userId)).toEqual(moved);
    await expect(catalog.stores.transition('none', 'active', 'moving', userId)).rejects.toThrow(NotFound);
  });

  it('are left alone at the next start when they have no work, unless they were given some since', async () => {
    const [ada, ben] = [await provision(ADA, 'a.db'), await provision(BEN, 'b.db')];
    const withWork = async (): Promise<string[]> =>
      (await catalog.stores.listWithWork({ limit: 10, after: null })).items.map((store) => store.location);
    expect(await withWork()).toEqual(['a.db', 'b.db']);
    await catalog.stores.hasNoWork(ada.userId);
    await catalog.stores.hasNoWork(ben.userId);
    expect(await withWork()).toEqual([]);
    await reopen();
    await Promise.all([catalog.stores.hasNoWork(ben.userId), catalog.stores.hasWork(ben.userId), catalog.stores.hasNoWork(ben.userId)]);
    expect(await withWork()).toEqual(['b.db']);
    await reopen();
    expect(await withWork()).toEqual(['b.db']);
    expect((await catalog.stores.list({ limit: 10, after: null })).items).toHaveLength(2);
  });

  it('make room for another one when they are erased', async () => {
    const { storeId, userId } = await provision();
    await catalog.stores.transition(storeId, 'provisioning', 'erased', userId);
    expect(await catalog.stores.find(userId)).toBeNull();
    expect((await provision()).storeId).not.toBe(storeId);
    expect((await catalog.stores.list({ limit: 10, after: null })).items.map((store) => store.state)).toEqual(['erased', 'provisioning']);
  });
});

describe('API keys', () => {
  const create = async (expiresAt: string | null = null) => {
    const { userId } = await catalog.users.resolve(ADA);
    return catalog.apiKeys.create({ userId, name: 'ci', scopes: ['read', 'execute'], expiresAt });
  };

  it('are found by their secret, of which only the hash is stored', async () => {
    const { key, secret } = await create();
    expect(secret).toMatch(/^vutf_[A-Za-z0-9_-]{43}$/);
    expect(key).toMatchObject({ hint: `…${secret.slice(-4)}`, scopes: ['read', 'execute'], revokedAt: null });
    await reopen();
    expect(await catalog.apiKeys.authenticate(secret)).toEqual({ key, user: ADA });
    expect(await catalog.apiKeys.authenticate(`${secret}x`)).toBeNull();
    expect(JSON.stringify(await catalog.apiKeys.list(key.userId, { limit: 10, after: null }))).not.toContain(secret.slice(5, 30));
  });

  it('end when they are revoked, even if they were used just before', async () => {
    const { key, secret } = await create();
    const [, revoked] = await Promise.all([catalog.apiKeys.authenticate(secret), catalog.apiKeys.revoke(key.userId, key.keyId)]);
    expect(revoked).toBeUndefined();
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
    await catalog.apiKeys.revoke(key.userId, key.keyId);
    const { userId } = await catalog.users.resolve(BEN);
    await expect(catalog.apiKeys.revoke(userId, key.keyId)).rejects.toThrow(NotFound);
  });

  it('end when they expire', async () => {
    const { secret } = await create(new Date(START + HOUR).toISOString());
    expect(await catalog.apiKeys.authenticate(secret)).not.toBeNull();
    await clock.advance(HOUR);
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
  });

  it('note their last use, to the minute', async () => {
    const { key } = await create();
    const lastUse = async () => (await catalog.apiKeys.list(key.userId, { limit: 1, after: null })).items[0]?.lastUsedAt;
    await catalog.apiKeys.touch(key.keyId);
    await clock.advance(59_000);
    await catalog.apiKeys.touch(key.keyId);
    expect(await lastUse()).toBe('2026-01-01T00:00:00.000Z');
    await clock.advance(1_000);
    await catalog.apiKeys.touch(key.keyId);
    expect(await lastUse()).toBe('2026-01-01T00:01:00.000Z');
  });

  it('are limited', async () => {
    const { key } = await create();
    for (let index = 1; index < 100; index++) await create();
    await expect(create()).rejects.toThrow(QuotaExceeded);
    await catalog.apiKeys.revoke(key.userId, key.keyId);
    await expect(create()).resolves.toBeDefined();
  });
});

describe('idempotency keys', () => {
  const request = { userId: 'u1', method: 'POST', path: '/things', key: 'k1' };
  const answer = { bodyHash: 'h', status: 201, location: '/things/1', body: '{"id":1}' };

  it('keep an answer for 24 hours, for one person, method, path and key', async () => {
    await catalog.idempotencyKeys.keep(request, answer);
    await reopen();
    expect(await catalog.idempotencyKeys.find(request)).toEqual(answer);
    for (const other of [{ userId: 'u2' }, { method: 'PUT' }, { path: '/others' }, { key: 'k2' }]) {
      expect(await catalog.idempotencyKeys.find({ ...request, ...other })).toBeNull();
    }
    await clock.advance(24 * HOUR);
    expect(await catalog.idempotencyKeys.find(request)).toBeNull();
    await catalog.idempotencyKeys.keep(request, { ...answer, status: 202 });
    expect(await catalog.idempotencyKeys.find(request)).toEqual({ ...answer, status: 202 });
  });
});

describe('a person who hands everything over to another', () => {
  const CLEO = { issuer: 'shared-secret', name: 'cleo' };
  const withStore = async (identity: typeof ADA): Promise<Store> => {
    const { userId } = await catalog.users.resolve(identity);
    const { storeId } = await catalog.stores.provision(userId, { backend: 'duckdb', location: `${identity.name}.db` });
    return catalog.stores.transition(storeId, 'provisioning', 'active', 'system');
  };
  const stateOf = async ({ userId }: Store) => (await catalog.stores.find(userId))?.state;

  it('is opened by none of their names or keys any more, and gets the names back', async () => {
    const [ada, ben] = [await withStore(ADA), await withStore(BEN)];
    await catalog.aliases.bind(ada.userId, CLEO, 'admin');
    const { secret } = await catalog.apiKeys.create({ userId: ada.userId, name: 'ci', scopes: ['read'], expiresAt: null });
    const aliasIds = (await catalog.aliases.list(ada.userId)).map(({ aliasId }) => aliasId);
    const handover = { fromUserId: ada.userId, intoUserId: ben.userId, storeId: ada.storeId, aliasIds };
    await expect(catalog.handovers.handOver(handover, 'admin')).rejects.toThrow(/is active, not moving/);
    await catalog.stores.transition(ada.storeId, 'active', 'moving', 'admin');
    for (const _twice of [1, 2]) await catalog.handovers.handOver(handover, 'admin');
    expect([await stateOf(ada), await stateOf(ben)]).toEqual(['archived', 'active']);
    for (const identity of [ADA, BEN, CLEO]) expect((await catalog.users.resolve(identity)).userId).toBe(ben.userId);
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
    expect(await catalog.aliases.list(ada.userId)).toEqual([]);
    // Whoever came with that name next would be given the place of the archived memory.
    const moved = (await catalog.aliases.list(ben.userId)).find(({ name }) => name === 'ada');
    await expect(catalog.aliases.unbind(ben.userId, moved?.aliasId ?? '', 'admin')).rejects.toThrow(/Take that merge back instead/);
    await expect(catalog.aliases.bind(ada.userId, { ...ADA, name: 'dan' }, 'admin')).rejects.toThrow(/was merged into another person/);

    for (const _twice of [1, 2]) await catalog.handovers.giveBack(handover, 'admin');
    await reopen();
    expect([await stateOf(ada), await stateOf(ben)]).toEqual(['active', 'active']);
    for (const identity of [ADA, CLEO]) expect((await catalog.users.resolve(identity)).userId).toBe(ada.userId);
    expect((await catalog.users.resolve(BEN)).userId).toBe(ben.userId);
    expect(await catalog.apiKeys.authenticate(secret)).toBeNull();
    const actions = (await catalog.audit.list({ limit: 2, after: null })).items.map(({ action, subject }) => [action, subject]);
    expect(actions).toEqual([
      ['user.unmerged', ada.userId],
      ['user.merged', ada.userId],
    ]);
  });

  it('hands over nothing when the names are others than was said, or the other memory is not in use', async () => {
    const [ada, ben] = [await withStore(ADA), await withStore(BEN)];
    await catalog.stores.transition(ada.storeId, 'active', 'moving', 'admin');
    const aliasIds = (await catalog.aliases.list(ada.userId)).map(({ aliasId }) => aliasId);
    const handover = { fromUserId: ada.userId, intoUserId: ben.userId, storeId: ada.storeId, aliasIds };
    await catalog.aliases.bind(ada.userId, CLEO, 'admin');
    await expect(catalog.handovers.handOver(handover, 'admin')).rejects.toThrow(/were changed while their memory was merged/);
    const all = (await catalog.aliases.list(ada.userId)).map(({ aliasId }) => aliasId);
    await catalog.stores.transition(ben.storeId, 'active', 'moving', 'admin');
    await expect(catalog.handovers.handOver({ ...handover, aliasIds: all }, 'admin')).rejects.toThrow(/is moving, not active/);
    await expect(catalog.handovers.handOver({ ...handover, storeId: ben.storeId }, 'admin')).rejects.toThrow(NotFound);
    expect((await catalog.users.resolve(ADA)).userId).toBe(ada.userId);
    expect(await stateOf(ada)).toBe('moving');
    await expect(catalog.handovers.giveBack(handover, 'admin')).rejects.toThrow(/is moving, not archived/);
  });
});

describe('restoring a lost catalog', () => {
  const number = (digit: number): string => `01890000-0000-7000-8000-00000000000${digit}`;
  const found = (digit: number, name: string, aliases: string[] = [], changes: Partial<FoundStore> = {}): FoundStore => ({
    storeId: number(digit),
    userId: `${number(digit).slice(0, -2)}a${digit}`,
    issuer: 'shared-secret',
    name,
    aliases: [name, ...aliases].map((alias) => ({ issuer: 'shared-secret', name: alias })),
    backend: 'duckdb',
    location: `${digit}.db`,
    createdAt: '2025-06-01T08:00:00.000Z',
    ...changes,
  });
  const named = (name: string) => catalog.users.find({ issuer: 'shared-secret', name });

  it('gives everyone the same id, the same aliases and the same place', async () => {
    const ada = found(1, 'ada', ['ada@example.org']);
    const results = await catalog.restore([ada, found(2, 'ben')]);
    expect(results.map((result) => [result.leftOut, result.contestedAliases])).toEqual([
      [null, []],
      [null, []],
    ]);
    await reopen();
    expect(await catalog.users.resolve(ADA)).toMatchObject({ userId: ada.userId, createdAt: ada.createdAt });
    expect((await catalog.users.resolve({ ...ADA, name: 'ada@example.org' })).userId).toBe(ada.userId);
    expect(await catalog.stores.find(ada.userId)).toMatchObject({ storeId: ada.storeId, location: '1.db', state: 'active' });
    expect((await catalog.aliases.list(ada.userId)).map((alias) => alias.canonical)).toEqual([true, false]);
    expect((await catalog.audit.list({ limit: 1, after: null })).items[0]).toMatchObject({ action: 'catalog.restored' });
  });

  it('leaves out two stores of one user, and two of one name', async () => {
    const ada = found(1, 'ada');
    const results = await catalog.restore([
      ada,
      { ...ada, storeId: number(5), location: 'copy.db' },
      found(2, 'ben'),
      found(3, 'ben'),
      found(4, 'cleo'),
    ]);
    expect(results.map((result) => result.leftOut !== null)).toEqual([true, true, true, true, false]);
    expect((await catalog.users.list({ limit: 10, after: null })).items.map((user) => user.name)).toEqual(['cleo']);
  });

  it('gives an identity that two claim to neither, but the one a memory was made for to its owner', async () => {
    const results = await catalog.restore([
      found(1, 'ada', ['shared', 'ben', 'own']),
      found(2, 'ben', ['shared']),
      found(3, 'cleo', ['left-out']),
      found(4, 'left-out'),
      found(5, 'left-out'),
    ]);
    expect(results[0]?.contestedAliases.map((alias) => alias.name)).toEqual(['shared', 'ben']);
    expect(results[2]).toMatchObject({ leftOut: null, contestedAliases: [{ name: 'left-out' }] });
    expect(await named('shared')).toBeNull();
    expect(await named('left-out')).toBeNull();
    expect((await named('own'))?.name).toBe('ada');
    expect((await named('ben'))?.name).toBe('ben');
  });

  it('leaves out what was merged into another that is there, through any number of merges; alone, it is restored', async () => {
    const merged = (digit: number, name: string): FoundStore => found(digit, name, [], { aliases: [] });
    const results = await catalog.restore([merged(1, 'ada'), found(2, 'ben', ['ada', 'cleo']), merged(3, 'cleo'), merged(4, 'dan')]);
    expect(Object.fromEntries(results.map(({ store, leftOut }) => [store.name, leftOut]))).toEqual({
      ada: `was merged into the memory of user ${found(2, '').userId}, who has its name now`,
      ben: null,
      cleo: `was merged into the memory of user ${found(2, '').userId}, who has its name now`,
      dan: null,
    });
    for (const name of ['ada', 'ben', 'cleo']) expect((await named(name))?.name).toBe('ben');
    expect((await named('dan'))?.name).toBe('dan');
  });

  it('takes many stores', async () => {
    const many = Array.from({ length: 450 }, (_, index) =>
      found(1, `user_${index}`, [], {
        storeId: `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`,
        userId: `01890000-0000-7000-8001-${String(index).padStart(12, '0')}`,
        location: `${index}.db`,
      }),
    );
    expect((await catalog.restore(many)).every((result) => result.leftOut === null)).toBe(true);
    expect((await catalog.stores.list({ limit: 500, after: null })).items).toHaveLength(450);
  });

  it('needs an empty catalog', async () => {
    await catalog.users.resolve(ADA);
    await expect(catalog.restore([found(2, 'ben')])).rejects.toThrow(Conflict);
    expect(await named('ben')).toBeNull();
  });
});

describe('the migration ledger', () => {
  it('says how many documents there are, by kind and state', async () => {
    expect(await catalog.migrations.counts()).toEqual([]);
    const { documentId } = await catalog.migrations.create('scan', 'system', {});
    await catalog.migrations.create('scan', 'system', {});
    await catalog.migrations.create('merge-plan', 'system', {});
    await catalog.migrations.update(documentId, { state: 'failed' }, 'system');
    const counts = await catalog.migrations.counts();
    expect(counts.map(({ kind, state, count }) => `${kind} ${state} ${count}`).sort()).toEqual([
      'merge-plan running 1',
      'scan failed 1',
      'scan running 1',
    ]);
  });
});

describe('the schema', () => {
  it('lacks nothing once it is open', async () => {
    expect(await catalog.pendingMigrations()).toEqual([]);
  });
});

describe('the audit trail', () => {
  it('has what was done, newest first', async () => {
    const ada = await catalog.users.resolve(ADA);
    await catalog.roles.grant(ada.userId, 'admin', 'system');
    await catalog.audit.append(ada.userId, 'export.made', 'execution-1', { rows: 3 });
    const first = await catalog.audit.list({ limit: 2, after: null });
    expect(first.items[0]).toMatchObject({ actor: ada.userId, action: 'export.made', subject: 'execution-1', details: { rows: 3 } });
    const second = await catalog.audit.list({ limit: 2, after: first.next });
    expect([...first.items, ...second.items].map((entry) => entry.action)).toEqual(['export.made', 'role.granted', 'user.created']);
  });
});

describe('the file', () => {
  it('is never replaced by an empty one', async () => {
    await catalog.close();
    rmSync(join(directory, 'catalog.db'));
    await expect(open(false)).rejects.toThrow(DatabaseMissing);
    catalog = await open();
  });
});

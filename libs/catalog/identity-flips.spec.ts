import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, option, record } from 'fast-check';
import { IdentityChanged } from '#core';
import { Catalog, type SeenClaim, type Store, type User } from './index.js';

const ISSUER = 'shared-secret';

let directory: string;
let catalog: Catalog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'flips-'));
  catalog = await Catalog.open({ directory, file: 'catalog.db' }, { create: true });
});

afterEach(async () => {
  await catalog.close();
  rmSync(directory, { recursive: true });
});

interface Token {
  readonly preferred_username?: string | null;
  readonly email?: string | null;
  readonly sub?: string | null;
}

const claimsOf = (token: Token): SeenClaim[] =>
  (['sub', 'email', 'preferred_username'] as const).flatMap((kind) => {
    const value = token[kind];
    return typeof value === 'string' ? [{ issuer: ISSUER, kind, value }] : [];
  });

const nameOf = ({ preferred_username, email, sub }: Token): string => preferred_username ?? email ?? sub ?? '';

const recognise = (token: Token): Promise<User> => catalog.users.recognise({ issuer: ISSUER, name: nameOf(token) }, claimsOf(token));

const provision = ({ userId }: User): Promise<Store> => catalog.stores.provision(userId, { backend: 'duckdb', location: `${userId}.db` });

/** The memory that a token opens, made when there is none. */
async function open(token: Token): Promise<Store> {
  const store = await provision(await recognise(token));
  return store.state === 'provisioning' ? catalog.stores.transition(store.storeId, 'provisioning', 'active', 'system') : store;
}

const flips = async () => (await catalog.identityFlips.list({ limit: 500, after: null })).items;

describe('a name that changed', () => {
  it('is refused as long as nobody has decided, and entered once', async () => {
    const { userId, storeId } = await open({ preferred_username: 'ada', sub: '1' });
    for (let times = 0; times < 3; times++)
      await expect(recognise({ preferred_username: 'ada.new', sub: '1' })).rejects.toMatchObject({ userId, storeId });
    expect(await flips()).toMatchObject([{ issuer: ISSUER, name: 'ada.new', userId, state: 'pending', decidedBy: null }]);
    expect(await catalog.identityFlips.refused()).toEqual([{ userId, storeId }]);
    await catalog.aliases.bind(userId, { issuer: ISSUER, name: 'ada.new' }, 'admin');
    expect(await flips()).toEqual([]);
    expect(await open({ preferred_username: 'ada.new', sub: '1' })).toMatchObject({ storeId });
    // What came with the name that was bound is known from then on.
    await open({ preferred_username: 'ada.new', email: 'new@example.org' });
    await expect(recognise({ preferred_username: 'x', email: 'new@example.org' })).rejects.toBeInstanceOf(IdentityChanged);
  });

  it('is not looked at where it is known who it is, or when nobody has anything to lose', async () => {
    await recognise({ preferred_username: 'ada', sub: '1' });
    expect((await recognise({ preferred_username: 'ben', sub: '1' })).name).toBe('ben');
    await open({ preferred_username: 'cleo', email: 'cleo@example.org' });
    expect((await catalog.users.resolve({ issuer: ISSUER, name: 'cleo@example.org' })).name).toBe('cleo@example.org');
  });

  it('reminds of whoever the memory was merged into', async () => {
    const from = await open({ preferred_username: 'ada.old', sub: '1' });
    const into = await open({ preferred_username: 'ada', sub: '2' });
    const aliasIds = (await catalog.aliases.list(from.userId)).map(({ aliasId }) => aliasId);
    const handover = { fromUserId: from.userId, intoUserId: into.userId, storeId: from.storeId, aliasIds };
    await catalog.stores.transition(from.storeId, 'active', 'moving', 'admin');
    await catalog.handovers.handOver(handover, 'admin');
    await expect(recognise({ preferred_username: 'x', sub: '1' })).rejects.toMatchObject({ userId: into.userId });
    await catalog.handovers.giveBack(handover, 'admin');
    await expect(recognise({ preferred_username: 'y', sub: '1' })).rejects.toMatchObject({ userId: from.userId });
  });

  it('of two people who share a value may be either’s, until an administrator says that it is neither’s: then it proves nothing', async () => {
    const [ada, ben] = [await open({ preferred_username: 'ada', sub: '1' }), await open({ preferred_username: 'ben', sub: '2' })];
    await open({ preferred_username: 'ben', sub: '1' });
    const cleo = { preferred_username: 'cleo', sub: '1' };
    await expect(recognise(cleo)).rejects.toBeInstanceOf(IdentityChanged);
    expect((await flips()).map(({ userId }) => userId).sort()).toEqual([ada.userId, ben.userId].sort());
    await catalog.identityFlips.declareStranger(ada.userId, { issuer: ISSUER, name: 'cleo' }, 'admin');
    await expect(recognise(cleo)).rejects.toMatchObject({ userId: ben.userId });
    await catalog.identityFlips.declareStranger(ben.userId, { issuer: ISSUER, name: 'cleo' }, 'admin');
    await open(cleo);
    expect((await recognise({ preferred_username: 'eve', sub: '1' })).name).toBe('eve');
    await expect(recognise({ preferred_username: 'dan', sub: '2' })).rejects.toMatchObject({ userId: ben.userId });
  });

  it('is known by sixteen values of each kind, the newest', async () => {
    await open({ preferred_username: 'ada', email: 'ada@example.org', sub: '0' });
    for (let session = 1; session <= 16; session++) await open({ preferred_username: 'ada', sub: String(session) });
    expect((await recognise({ preferred_username: 'new', sub: '0' })).name).toBe('new');
    await expect(recognise({ preferred_username: 'newer', sub: '16' })).rejects.toBeInstanceOf(IdentityChanged);
    await expect(recognise({ preferred_username: 'newest', email: 'ada@example.org' })).rejects.toBeInstanceOf(IdentityChanged);
  });

  it('costs no query when the token was seen before', async () => {
    const token = { preferred_username: 'ada', sub: '1' };
    const { userId } = await open(token);
    await recognise(token);
    const path = join(directory, 'catalog.db');
    await catalog.close();
    // There is nothing left that could be asked.
    rmSync(path);
    expect((await recognise(token)).userId).toBe(userId);
  });
});

describe('Tokens alone', () => {
  it('never make a second memory for a value that has opened one', async () => {
    const values = constantFrom('a', 'b', 'c', 'd');
    const tokens = record({ preferred_username: option(values), email: option(values), sub: values, uses: constantFrom(true, false) });
    let run = 0;
    await assert(
      asyncProperty(array(tokens, { minLength: 2, maxLength: 12 }), async (sequence) => {
        const prefix = `${run++}-`;
        const opened = new Map<string, Set<string>>();
        const made = new Set<string>();
        for (const { uses, ...values } of sequence) {
          const token = Object.fromEntries(Object.entries(values).map(([kind, value]) => [kind, value && prefix + value]));
          const borne = new Set(claimsOf(token).map(({ value }) => value));
          const outcome = await (uses ? open(token) : recognise(token)).catch((error: unknown) => {
            expect(error).toBeInstanceOf(IdentityChanged);
            return null;
          });
          if (!outcome || !('storeId' in outcome)) continue;
          const isNew = !made.has(outcome.storeId);
          made.add(outcome.storeId);
          for (const value of borne) {
            const known = opened.get(value) ?? new Set();
            if (isNew) expect([...known]).toEqual([]);
            opened.set(value, known.add(outcome.storeId));
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

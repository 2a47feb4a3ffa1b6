import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JwtPayload } from 'jsonwebtoken';
import { PracticeIssuer } from '../../src/auth/testing/practice-issuer.js';
import type { MemoryStatsDto } from '../../src/memory/memory.dto.js';
import type { Answer, Client } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';

interface Me {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly store: { readonly storeId: string; readonly location: string; readonly exists: boolean } | null;
}

let server: ServerProcess;
let issuer: PracticeIssuer;
let admin: Client;

beforeAll(async () => {
  issuer = await PracticeIssuer.start();
  issuer.addKey('rsa', 'RS256');
  issuer.addKey('ec', 'ES256');
  server = await ServerProcess.start({
    env: { ADMIN_USERS: 'root', OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'violentutf', OIDC_ADMIN_CLAIM: 'realm_access.roles' },
  });
  admin = server.client('root');
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const bearer = (token: string): Client => server.clientWith({ authorization: `Bearer ${token}` });
const withClaims = (claims: JwtPayload): Client => bearer(server.token(claims));
const whoIs = (client: Client): Promise<Me> => client.get('/api/v2/me');

/** Whose memory a client is given, and where it is. */
async function placeOf(client: Client): Promise<{ userId: string; storeId: string; location: string }> {
  const { userId, store } = await whoIs(client);
  if (!store) throw new Error(`The user ${userId} has no memory yet.`);
  return { userId, storeId: store.storeId, location: store.location };
}

/** Leaves something in a memory, by which it is recognised. @returns its place. */
async function remember(client: Client, name: string): ReturnType<typeof placeOf> {
  await client.create('converters', name, 'base64');
  return placeOf(client);
}

async function converterNames(client: Client): Promise<string[]> {
  return (await client.all<{ name: string }>('/api/v2/converters')).map(({ name }) => name);
}

function bindAlias(userId: string, name: string, of = 'shared-secret'): Promise<Answer> {
  return admin.ask('POST', `/api/v2/users/${userId}/aliases`, { body: { issuer: of, name } });
}

describe('One person', () => {
  it('has one memory, however the name is written and whichever claim carries it', async () => {
    const me = await remember(withClaims({ preferred_username: 'Ada Lovelace', email: 'ada@example.org', sub: 'f00d' }), 'mine');
    for (const claims of [
      { preferred_username: 'ADA LOVELACE', sub: 'another' },
      { preferred_username: '  ada   lovelace ', email: 'other@example.org' },
      { username: 'ada_lovelace', email: 'ada@example.org' },
      { sub: 'Ada Lovelace' },
      { preferred_username: 'Ａda Lovelace' },
    ]) {
      const client = withClaims(claims);
      expect(await placeOf(client)).toEqual(me);
      expect(await converterNames(client)).toEqual(['mine']);
    }
  });

  it('has it under an alias that an administrator binds, also of an e-mail address', async () => {
    const me = await remember(withClaims({ sub: 'grace' }), 'mine');
    expect((await bindAlias(me.userId, 'Admiral Hopper')).status).toBe(201);
    expect((await bindAlias(me.userId, 'Grace@Example.ORG')).status).toBe(201);
    for (const claims of [{ sub: 'admiral_hopper' }, { email: 'grace@example.org', sub: '1' }]) {
      const client = withClaims(claims);
      expect(await placeOf(client)).toEqual(me);
      expect(await converterNames(client)).toEqual(['mine']);
    }
    const other = await remember(withClaims({ sub: 'somebody' }), 'theirs');
    expect(other.userId).not.toBe(me.userId);
    const taken = await bindAlias(me.userId, 'somebody');
    expect(taken.status).toBe(409);
    expect(await converterNames(withClaims({ sub: 'somebody' }))).toEqual(['theirs']);
  });

  it('is not somebody whose name only begins alike', async () => {
    const one = await remember(withClaims({ email: 'sam@one.example' }), 'one');
    const two = await remember(withClaims({ email: 'sam@two.example' }), 'two');
    expect(one.location).not.toBe(two.location);
    expect(await converterNames(withClaims({ sub: 'sam' }))).toEqual([]);
  });

  it('makes one file, when 64 callers come at once with the first request ever', async () => {
    const before = await readdir(server.memoryDir);
    const client = withClaims({ sub: 'crowd' });
    const names = Array.from({ length: 64 }, (_, index) => `converter ${index}`);
    await Promise.all(names.map((name) => client.create('converters', name, 'base64')));
    const made = (await readdir(server.memoryDir)).filter((file) => !before.includes(file));
    expect(made.filter((file) => file.endsWith('.db'))).toHaveLength(1);
    expect((await converterNames(client)).sort()).toEqual([...names].sort());
    expect((await admin.all<{ name: string }>('/api/v2/users')).filter(({ name }) => name === 'crowd')).toHaveLength(1);
  });
});

describe('Nobody', () => {
  it.each([
    ['no name', {}],
    ['an empty name', { sub: ' ' }],
    ['a placeholder', { sub: 'keycloak_user' }],
    ['a placeholder before a name', { preferred_username: 'User', sub: 'ada' }],
    ['a name that is no text', { preferred_username: ['ada'] }],
  ])('gets in with %s', async (_what, claims) => {
    const files = await readdir(server.memoryDir);
    const answer = await withClaims(claims).ask('GET', '/api/v2/memory/stats');
    expect(answer.status).toBe(401);
    expect(answer.problem?.type).toBe('/problems/invalid-token');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await readdir(server.memoryDir)).toEqual(files);
  });

  it('gets in without a token, with a forged or an unsigned one', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ada"}').toString('base64url')}.`;
    const forged = `${server.token({ sub: 'ada' }).split('.').slice(0, 2).join('.')}.AAAA`;
    for (const client of [server.clientWith({}), bearer(unsigned), bearer(forged), bearer('nonsense')]) {
      expect((await client.ask('GET', '/api/v2/me')).status).toBe(401);
    }
  });

  it('becomes an administrator by a claim of a token that the shared secret has signed', async () => {
    const client = withClaims({ sub: 'climber', roles: ['admin'], realm_access: { roles: ['admin'] } });
    expect((await whoIs(client)).roles).toEqual([]);
    expect((await client.ask('GET', '/api/v2/users')).status).toBe(403);
  });
});

describe('An API key', () => {
  it('opens the memory of its owner within its scopes, and ends when it is revoked', async () => {
    const owner = withClaims({ sub: 'keeper' });
    const me = await remember(owner, 'mine');
    const { id, key } = await owner.post<{ id: string; key: string }>('/api/v2/api-keys', { name: 'nightly', scopes: ['read'] });
    const program = server.clientWith({ 'x-api-key': key });
    expect(await placeOf(program)).toEqual(me);
    expect((await whoIs(program)).scopes).toEqual(['read']);
    expect(await converterNames(program)).toEqual(['mine']);
    const refused = await program.ask('POST', '/api/v2/converters', { body: { name: 'more', type: 'base64' } });
    expect(refused.problem).toMatchObject({ status: 403, type: '/problems/missing-scope' });
    expect((await owner.ask('GET', '/api/v2/api-keys')).text).not.toContain(key);

    await owner.delete(`/api/v2/api-keys/${id}`);
    expect((await program.ask('GET', '/api/v2/me')).status).toBe(401);
    expect(server.log.join('\n')).not.toContain(key);
  });
});

describe('A token of an OIDC issuer', () => {
  it('opens the memory of its subject, whichever key has signed it', async () => {
    const me = await remember(bearer(issuer.sign('rsa', { sub: 'S-1', preferred_username: 'ada lovelace' })), 'by RS256');
    const client = bearer(issuer.sign('ec', { sub: 'S-1', preferred_username: 'renamed' }));
    expect(await placeOf(client)).toEqual(me);
    expect(await converterNames(client)).toEqual(['by RS256']);
    expect(await converterNames(withClaims({ sub: 'S-1' }))).toEqual([]);
    expect((await whoIs(withClaims({ sub: 'ada lovelace' }))).userId).not.toBe(me.userId);
  });

  it('opens the memory of a person of the shared secret, when it is bound to it', async () => {
    const me = await remember(withClaims({ sub: 'mover' }), 'mine');
    expect((await bindAlias(me.userId, 'S-2', issuer.url)).status).toBe(201);
    expect(await converterNames(bearer(issuer.sign('ec', { sub: 'S-2' })))).toEqual(['mine']);
  });

  it('makes an administrator by the claim that the operator has named', async () => {
    const client = bearer(issuer.sign('rsa', { sub: 'S-3', realm_access: { roles: ['admin'] } }));
    expect((await whoIs(client)).roles).toEqual(['admin']);
    await client.get('/api/v2/users');
  });

  it('is refused when it is for somebody else, has expired, or is signed by a key that is not published', async () => {
    issuer.addKey('gone', 'RS256');
    const unpublished = issuer.sign('gone', { sub: 'S-1' });
    issuer.removeKey('gone');
    const tokens = [
      issuer.sign('rsa', { sub: 'S-1' }, { audience: 'another' }),
      issuer.sign('rsa', { sub: 'S-1' }, { expiresIn: -120 }),
      issuer.sign('rsa', {}),
      unpublished,
    ];
    for (const token of tokens) expect((await bearer(token).ask('GET', '/api/v2/me')).status).toBe(401);
  });

  it('opens the same memory after a restart, and an outage of the issuer ends no session', async () => {
    const client = bearer(issuer.sign('rsa', { sub: 'S-4' }));
    const me = await remember(client, 'kept');
    await server.restart();
    expect(await placeOf(client)).toEqual(me);
    expect(await client.get<MemoryStatsDto>('/api/v2/memory/stats')).toMatchObject({ executions: 0 });
    issuer.fault = 'down';
    expect(await converterNames(client)).toEqual(['kept']);
    issuer.fault = 'none';
  });
});

describe('A lost catalog', () => {
  it('is rebuilt from the memories: everybody finds theirs again, by every name they had', async () => {
    const people: Record<string, Client> = {
      'rebuilt ada': withClaims({ sub: 'Rebuilt Ada' }),
      'rebuilt bob': withClaims({ email: 'rebuilt-bob@example.org' }),
      'S-9': bearer(issuer.sign('ec', { sub: 'S-9' })),
    };
    const places: Record<string, Awaited<ReturnType<typeof placeOf>>> = {};
    for (const [name, client] of Object.entries(people)) places[name] = await remember(client, name);
    await bindAlias(places['rebuilt ada']?.userId ?? '', 'S-10', issuer.url);
    const files = (await readdir(server.memoryDir)).filter((file) => file.endsWith('.db'));
    await server.kill();
    for (const file of ['catalog.db', 'catalog.db.wal']) await rm(join(server.dataDir, file), { force: true });
    await expect(server.boot()).rejects.toThrow(/catalog\.db is missing/);

    const rebuilt = await server.run('catalog', 'rebuild');
    expect(rebuilt).toMatchObject({ exitCode: 0, stderr: '' });
    await server.boot();
    for (const [name, client] of Object.entries(people)) {
      expect(await placeOf(client)).toEqual(places[name]);
      expect(await converterNames(client)).toEqual([name]);
    }
    expect(await placeOf(bearer(issuer.sign('rsa', { sub: 'S-10' })))).toEqual(places['rebuilt ada']);
    expect((await readdir(server.memoryDir)).filter((file) => file.endsWith('.db'))).toEqual(files);
    await remember(withClaims({ sub: 'newcomer' }), 'new');
  }, 60_000);
});

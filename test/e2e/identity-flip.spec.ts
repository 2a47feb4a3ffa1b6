import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JwtPayload } from 'jsonwebtoken';
import { PracticeIssuer } from '../../src/auth/testing/practice-issuer.js';
import type { Answer, Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';

interface Me {
  readonly userId: string;
  readonly store: { readonly storeId: string; readonly location: string } | null;
}

interface Flip {
  readonly issuer: string;
  readonly name: string;
  readonly userId: string;
  readonly state: string;
}

let server: ServerProcess;
let issuer: PracticeIssuer;
let admin: Client;

beforeAll(async () => {
  issuer = await PracticeIssuer.start();
  issuer.addKey('rsa', 'RS256');
  server = await ServerProcess.start({ env: { ADMIN_USERS: 'root', OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'violentutf' } });
  admin = server.client('root');
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const bearer = (token: string): Client => server.clientWith({ authorization: `Bearer ${token}` });
const withClaims = (claims: JwtPayload): Client => bearer(server.token(claims));
const stores = async (): Promise<string[]> => (await readdir(server.memoryDir)).filter((file) => file.endsWith('.db')).sort();
const names = async (client: Client): Promise<string[]> =>
  (await client.all<{ name: string }>('/api/v2/converters')).map(({ name }) => name);
const flips = (): Promise<Flip[]> => admin.all<Flip>('/api/v2/identity-flips');
const reported = (userId: string): number =>
  server.log.filter((line) => line.includes('switch refused') && line.includes('"kind":"identity"') && line.includes(userId)).length;

async function remember(client: Client, name: string): Promise<Me> {
  await client.create('converters', name, 'base64');
  return client.get('/api/v2/me');
}

const bind = (userId: string, name: string): Promise<Answer> =>
  admin.ask('POST', `/api/v2/users/${userId}/aliases`, { body: { issuer: 'shared-secret', name } });
const stranger = (userId: string, name: string): Promise<Answer> =>
  admin.ask('POST', `/api/v2/users/${userId}/strangers`, { body: { issuer: 'shared-secret', name } });

async function expectRefused(client: Client): Promise<void> {
  for (const path of ['/api/v2/me', '/api/v2/converters', '/api/v2/memory/stats']) {
    const answer = await client.ask('GET', path);
    expectProblem(answer, 403, 'identity-changed');
    expect(answer.problem?.detail).toContain('administrator');
    expect(answer.problem?.detail).toMatch(/POST \/api\/v2\/users\/[0-9a-f-]{36}\/aliases/);
  }
}

describe('A name that changed in the token', () => {
  it.each([
    ['of the same subject', { preferred_username: 'Flip.One', sub: 'S-1' }, { preferred_username: 'flip.new1', sub: 'S-1' }],
    [
      'of the same e-mail address',
      { preferred_username: 'flip.two', email: 'two@example.org', sub: 'S-2' },
      { preferred_username: 'flip.new2', email: 'Two@Example.org', sub: 'S-2b' },
    ],
    ['of a token that dropped it', { preferred_username: 'flip.three', email: 'three@example.org' }, { email: 'three@example.org' }],
    ['of which the former is another claim now', { sub: 'flip.four' }, { preferred_username: 'flip.new4', sub: 'flip.four' }],
  ])('%s is refused, told once, and opens the same memory when it is bound', async (_what, before, after) => {
    const owner = withClaims(before);
    const me = await remember(owner, 'mine');
    const files = await stores();
    const changed = withClaims(after);
    await expectRefused(changed);
    await Promise.all(Array.from({ length: 10 }, () => changed.ask('GET', '/api/v2/converters')));
    expect(reported(me.userId)).toBe(1);
    expect(await stores()).toEqual(files);
    // Whoever has the former name, and everybody else, goes on.
    expect(await names(owner)).toEqual(['mine']);
    expect((await withClaims({ preferred_username: 'somebody', sub: 'S-99' }).ask('GET', '/api/v2/converters')).status).toBe(200);

    const [flip] = (await flips()).filter(({ userId }) => userId === me.userId);
    expect(flip).toMatchObject({ issuer: 'shared-secret', state: 'pending' });
    expect((await bind(me.userId, flip?.name ?? '')).status).toBe(201);
    expect(await names(changed)).toEqual(['mine']);
    expect((await changed.get<Me>('/api/v2/me')).store).toEqual((await owner.get<Me>('/api/v2/me')).store);
    expect((await flips()).filter(({ userId }) => userId === me.userId)).toEqual([]);
    expect(server.log.filter((line) => line.includes('a switch is over') && line.includes(me.userId))).toHaveLength(1);
  });

  it('is somebody else’s when an administrator says so, and what the two share proves nothing from then on', async () => {
    const team = 'team@example.org';
    const ada = await remember(withClaims({ preferred_username: 'team.ada', email: team }), 'of ada');
    const ben = withClaims({ preferred_username: 'team.ben', email: team });
    await expectRefused(ben);
    const answer = await stranger(ada.userId, 'Team.Ben');
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ name: 'team.ben', userId: ada.userId, state: 'stranger' });
    const his = await remember(ben, 'of ben');
    expect(his.userId).not.toBe(ada.userId);
    expect(await names(withClaims({ preferred_username: 'team.ada', email: team }))).toEqual(['of ada']);
    // Somebody third of the same team is asked no questions.
    expect((await remember(withClaims({ preferred_username: 'team.cleo', email: team }), 'of cleo')).userId).not.toBe(ada.userId);
    expect((await bind(ada.userId, 'team.ben')).status).toBe(409);
  });

  it('is refused where the memory would be made, when the person was here before the other had one', async () => {
    const [first, second] = [
      withClaims({ preferred_username: 'late.a', sub: 'S-7' }),
      withClaims({ preferred_username: 'late.b', sub: 'S-7' }),
    ];
    await first.get('/api/v2/me');
    const { userId } = await second.get<Me>('/api/v2/me');
    const me = await remember(first, 'mine');
    const files = await stores();
    const answer = await second.ask('GET', '/api/v2/converters');
    expectProblem(answer, 403, 'identity-changed');
    expect(await stores()).toEqual(files);
    expect(reported(me.userId)).toBe(1);
    expect((await bind(me.userId, 'late.b')).status).toBe(201);
    expect(await names(second)).toEqual(['mine']);
    expect((await second.get<Me>('/api/v2/me')).userId).not.toBe(userId);
  });

  it('is still refused after a restart', async () => {
    const me = await remember(withClaims({ preferred_username: 'kept.a', sub: 'S-8' }), 'mine');
    await server.restart();
    await expectRefused(withClaims({ preferred_username: 'kept.b', sub: 'S-8' }));
    const before = reported(me.userId);
    await server.restart();
    // It is shown before the person comes again.
    expect(reported(me.userId)).toBe(before + 1);
    expect((await bind(me.userId, 'kept.b')).status).toBe(201);
    expect(await names(withClaims({ preferred_username: 'kept.b', sub: 'S-8' }))).toEqual(['mine']);
  });
});

describe('A person of another issuer', () => {
  it('with the name of somebody here is somebody else, and an administrator can see it', async () => {
    const me = await remember(withClaims({ preferred_username: 'mover', email: 'mover@example.org' }), 'mine');
    const oidc = bearer(issuer.sign('rsa', { sub: 'F-1', preferred_username: 'Mover' }));
    expect(await names(oidc)).toEqual([]);
    expect((await flips()).filter(({ userId }) => userId === me.userId)).toMatchObject([
      { issuer: issuer.url, name: `${issuer.url}|F-1`, state: 'noticed' },
    ]);
    expect(reported(me.userId)).toBe(0);
  });

  it('is the same person however the names in the token change', async () => {
    const me = await remember(bearer(issuer.sign('rsa', { sub: 'F-2', preferred_username: 'first', email: 'f@example.org' })), 'mine');
    const changed = bearer(issuer.sign('rsa', { sub: 'F-2', preferred_username: 'second' }));
    expect((await changed.get<Me>('/api/v2/me')).userId).toBe(me.userId);
    expect(await names(bearer(issuer.sign('rsa', { sub: 'F-3', preferred_username: 'first', email: 'f@example.org' })))).toEqual([]);
  });
});

describe('Strangers', () => {
  it('are declared by administrators, of persons and names that there are', async () => {
    const me = await remember(withClaims({ sub: 'declared' }), 'mine');
    const body = { issuer: 'shared-secret', name: 'another' };
    expectProblem(await server.client('declared').ask('POST', `/api/v2/users/${me.userId}/strangers`, { body }), 403, 'missing-role');
    expectProblem(await server.client('declared').ask('GET', '/api/v2/identity-flips'), 403, 'missing-role');
    expectProblem(await stranger('01890000-0000-7000-8000-000000000000', 'another'), 404, 'not-found');
    expectProblem(await stranger(me.userId, 'keycloak_user'), 400, 'invalid-input');
    expectProblem(await stranger(me.userId, 'declared'), 409, 'conflict');
    expect((await stranger(me.userId, 'another')).status).toBe(201);
    expect((await stranger(me.userId, 'another')).status).toBe(201);
    const refused = { body: { issuer: 'https://elsewhere.example.org', name: 'x' } };
    expectProblem(await admin.ask('POST', `/api/v2/users/${me.userId}/strangers`, refused), 400, 'invalid-input');
  });
});

import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { array, assert, asyncProperty, constantFrom, json, oneof } from 'fast-check';
import jwt, { type SignOptions } from 'jsonwebtoken';
import request from 'supertest';
import { CatalogModule } from '../catalog/catalog.module.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig, type Environment } from '../config/read-config.js';
import { configureHttp } from '../http/configure-http.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { UserContextService } from '../user-context/user-context.service.js';
import type { UserContext } from '../user-context/user-context.js';
import { Public, Roles, Scopes } from './access.decorators.js';
import { AuthModule } from './auth.module.js';
import { PracticeIssuer } from './testing/practice-issuer.js';

const SECRET = 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aEu';

@Controller()
class WhoController {
  constructor(private readonly users: UserContextService) {}

  @Get('who')
  who(): UserContext {
    return this.users.current();
  }

  @Post('who')
  write(): UserContext {
    return this.users.current();
  }

  @Post('runs')
  @Scopes('execute')
  run(): UserContext {
    return this.users.current();
  }

  @Get('admin')
  @Roles('admin')
  admin(): UserContext {
    return this.users.current();
  }

  @Get('open')
  @Public()
  open(): object {
    return { user: this.users.find() };
  }
}

@Module({ imports: [UserContextModule, CatalogModule, AuthModule, IdempotencyModule], controllers: [WhoController] })
class WhoModule {}

let directory: string;
let app: NestExpressApplication;
let issuer: PracticeIssuer;

async function start(env: Environment = {}): Promise<void> {
  const config = await readConfig({ DATA_DIR: directory, JWT_SECRET_KEY: SECRET, ...env });
  const testing = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), WhoModule] }).compile();
  app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  configureHttp(app, { maxBodyBytes: 10_000 });
  await app.listen(0, '127.0.0.1');
}

const oidc = (): Environment => ({ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'violentutf', OIDC_ADMIN_CLAIM: 'realm_access.roles' });

const http = (): ReturnType<typeof request> => request(app.getHttpServer());

const as = (token: string, path = '/who'): request.Test => http().get(path).set('Authorization', `Bearer ${token}`);

const tokenOf = (claims: object = { sub: 'ada' }, options: SignOptions = {}, secret = SECRET): string =>
  jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: 60, ...options });

/** A token put together by hand, for what no library would sign. */
function forged(header: object, claims: object, key?: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${key === undefined ? '' : createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const soon = (): number => Math.floor(Date.now() / 1000) + 60;

beforeAll(async () => {
  issuer = await PracticeIssuer.start();
  issuer.addKey('rsa', 'RS256');
  issuer.addKey('curve', 'ES256');
});

afterAll(() => issuer[Symbol.asyncDispose]());

beforeEach(() => {
  issuer.fault = 'none';
  directory = mkdtempSync(join(tmpdir(), 'auth-'));
});

afterEach(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

describe('shared-secret tokens', () => {
  beforeEach(() => start(oidc()));

  it('open one person’s memory, whatever the token carries besides the name', async () => {
    const claims = [
      { sub: 'ada' },
      { sub: 'x', preferred_username: 'Ada' },
      { sub: 'y', username: ' ADA ', email: 'z@example.org', roles: ['admin'] },
    ];
    const answers = await Promise.all(claims.map((claim) => as(tokenOf(claim)).expect(200)));
    expect(new Set(answers.map(({ body }) => body.userId)).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({
      issuer: 'shared-secret',
      name: 'ada',
      roles: [],
      scopes: ['read', 'write', 'execute', 'admin'],
    });
    expect((await as(tokenOf({ sub: 'ben' })).expect(200)).body.userId).not.toBe(answers[0]?.body.userId);
  });

  it('make one person of 64 first requests at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => as(tokenOf())));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.userId}`)).size).toBe(1);
  });

  it.each<[string, () => string]>([
    ['another secret', () => tokenOf({ sub: 'ada' }, {}, `${SECRET}x`)],
    ['an expired one', () => tokenOf({ sub: 'ada' }, { expiresIn: -31 })],
    ['no expiry', () => jwt.sign({ sub: 'ada' }, SECRET)],
    ['not valid yet', () => tokenOf({ sub: 'ada' }, { notBefore: 60 })],
    ['another HMAC', () => tokenOf({ sub: 'ada' }, { algorithm: 'HS512' })],
    ['no signature', () => forged({ alg: 'none', typ: 'JWT' }, { sub: 'ada', exp: soon() })],
    ['no signature, in other letters', () => forged({ alg: 'nOnE' }, { sub: 'ada', exp: soon() })],
    ['a key of its own', () => forged({ alg: 'HS256', jwk: { kty: 'oct', k: SECRET } }, { sub: 'ada', exp: soon() }, SECRET)],
    ['an address for keys', () => forged({ alg: 'HS256', jku: 'http://127.0.0.1/jwks' }, { sub: 'ada', exp: soon() }, SECRET)],
    ['an address for certificates', () => forged({ alg: 'HS256', x5u: 'http://127.0.0.1/x' }, { sub: 'ada', exp: soon() }, SECRET)],
    ['an unknown extension', () => forged({ alg: 'HS256', crit: ['b64'] }, { sub: 'ada', exp: soon() }, SECRET)],
    ['a placeholder', () => tokenOf({ sub: 'ada', preferred_username: 'keycloak_user' })],
    ['no name', () => tokenOf({ name: 'Ada' })],
    ['too much', () => tokenOf({ sub: 'ada', padding: 'x'.repeat(8 * 1024) })],
    ['nonsense', () => 'hunter2hunter2'],
    ['half a token', () => tokenOf().split('.').slice(0, 2).join('.')],
  ])('are refused with %s, without a word of them', async (_what, make) => {
    const token = make();
    const { body, text, headers } = await as(token).expect(401);
    expect(body).toMatchObject({ type: '/problems/invalid-token', status: 401 });
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers['www-authenticate']).toBe('Bearer realm="violentutf", error="invalid_token"');
    for (const part of token.split('.').filter((piece) => piece.length > 5)) expect(text).not.toContain(part);
  });

  it('are refused whatever they are made of', async () => {
    const part = oneof(
      json().map((text) => Buffer.from(text).toString('base64url')),
      constantFrom(
        '',
        'e30',
        Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url'),
        Buffer.from('not json').toString('base64url'),
      ),
    );
    await assert(
      asyncProperty(array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
        expect(
          (
            await http()
              .get('/who')
              .set('Authorization', `Bearer ${parts.join('.')}`)
          ).status,
        ).toBe(401);
      }),
      { numRuns: 200, examples: [[['bnVsbA', 'bnVsbA', 'x']], [['eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9', 'bm90', 'x']]] },
    );
  });

  it('have half a minute of leeway', async () => {
    await as(tokenOf({ sub: 'ada' }, { expiresIn: -20 })).expect(200);
    await as(tokenOf({ sub: 'ada' }, { notBefore: 20 })).expect(200);
  });

  it('can’t make an administrator of anyone', async () => {
    const { body } = await as(tokenOf({ sub: 'ada', roles: ['admin'], realm_access: { roles: ['admin'] } }), '/admin').expect(403);
    expect(body.type).toBe('/problems/missing-role');
  });

  it('are asked for, unless the route is public', async () => {
    const { body, headers } = await http().get('/who').expect(401);
    expect([body.type, headers['www-authenticate']]).toEqual(['/problems/no-credential', 'Bearer realm="violentutf"']);
    await http().get('/who').set('Authorization', 'Basic YTpi').expect(401);
    await http().get('/who').set('Authorization', `Bearer ${tokenOf()}`).set('X-API-Key', 'vutf_x').expect(401);
    await http().get('/open').expect(200, { user: null });
    await as('nonsense', '/open').expect(200, { user: null });
  });
});

describe('OIDC tokens', () => {
  beforeEach(() => start(oidc()));

  it.each(['rsa', 'curve'])('signed with a %s key open the memory of their subject', async (kid) => {
    const token = issuer.sign(kid, { sub: 'F-42', preferred_username: 'user' });
    const { body } = await as(token).expect(200);
    expect(body).toMatchObject({ issuer: issuer.url, name: `${issuer.url}|F-42`, roles: [] });
  });

  it('are not the same person as a shared-secret token with the same name', async () => {
    const [first, second] = await Promise.all([as(issuer.sign('rsa', { sub: 'ada' })), as(tokenOf({ sub: 'ada' }))]);
    expect(first.body.userId).not.toBe(second.body.userId);
    await as(tokenOf({ sub: `${issuer.url}|ada` })).expect(401);
  });

  it('make an administrator by the configured claim', async () => {
    await as(issuer.sign('rsa', { sub: 'a', realm_access: { roles: ['admin'] } }), '/admin').expect(200);
    await as(issuer.sign('rsa', { sub: 'a', realm_access: { roles: ['user'] } }), '/admin').expect(403);
    await as(issuer.sign('rsa', { sub: 'a', roles: ['admin'] }), '/admin').expect(403);
  });

  it.each<[string, () => string]>([
    ['another audience', () => issuer.sign('rsa', { sub: 'a' }, { audience: 'account' })],
    ['another issuer', () => issuer.sign('rsa', { sub: 'a' }, { issuer: 'https://elsewhere.example.org' })],
    ['an expired one', () => issuer.sign('rsa', { sub: 'a' }, { expiresIn: -31 })],
    ['no subject', () => issuer.sign('rsa', { preferred_username: 'ada' })],
    ['another algorithm of the same key', () => issuer.sign('rsa', { sub: 'a' }, { algorithm: 'PS256' })],
    ['an unknown key', () => issuer.sign('rsa', { sub: 'a' }, { keyid: 'unknown' })],
    ['the id of another key', () => issuer.sign('rsa', { sub: 'a' }, { keyid: 'curve' })],
    ['no signature', () => forged({ alg: 'none', kid: 'rsa' }, { iss: issuer.url, aud: 'violentutf', sub: 'a', exp: soon() })],
    [
      'the public key taken for a secret',
      () => forged({ alg: 'HS256', kid: 'rsa' }, { iss: issuer.url, aud: 'violentutf', sub: 'a', exp: soon() }, issuer.publicPem('rsa')),
    ],
    ['the shared secret under the issuer’s name', () => tokenOf({ sub: 'a' }, { issuer: issuer.url, audience: 'violentutf' })],
  ])('are refused with %s', async (_what, make) => {
    await as(issuer.sign('rsa', { sub: 'a' })).expect(200);
    expect((await as(make()).expect(401)).body.type).toBe('/problems/invalid-token');
  });

  it('stay valid when the issuer is down', async () => {
    const token = issuer.sign('rsa', { sub: 'a' });
    await as(token).expect(200);
    issuer.fault = 'down';
    await as(token).expect(200);
  });

  it('can’t be judged when the issuer was never reached: try later', async () => {
    issuer.fault = 'down';
    const { body, headers } = await as(issuer.sign('rsa', { sub: 'a' })).expect(503);
    expect([body.type, headers['retry-after']]).toEqual(['/problems/unavailable', '10']);
    await as(tokenOf()).expect(200);
  });
});

describe('without a shared secret', () => {
  it('only the issuer’s tokens are accepted', async () => {
    await start({ ...oidc(), JWT_SECRET_KEY: '' });
    await as(tokenOf()).expect(401);
    await as(issuer.sign('rsa', { sub: 'a' })).expect(200);
  });
});

describe('administrators', () => {
  it('are named in ADMIN_USERS, or granted the role in the catalog, with effect at once', async () => {
    await start({ ...oidc(), ADMIN_USERS: `Ada Lovelace, ${issuer.url}|F-42` });
    await as(tokenOf({ sub: 'ada lovelace' }), '/admin').expect(200);
    await as(issuer.sign('rsa', { sub: 'F-42' }), '/admin').expect(200);
    const { body } = await as(tokenOf({ sub: 'ben' })).expect(200);
    await as(tokenOf({ sub: 'ben' }), '/admin').expect(403);
    await app.get(CatalogService, { strict: false }).roles.grant(body.userId as string, 'admin', 'system');
    await as(tokenOf({ sub: 'ben' }), '/admin').expect(200);
    await app.get(CatalogService, { strict: false }).roles.revoke(body.userId as string, 'admin', 'system');
    await as(tokenOf({ sub: 'ben' }), '/admin').expect(403);
  });

  it('can’t be called by a placeholder', async () => {
    await start();
    await expect(start({ DATA_DIR: join(directory, 'other'), ADMIN_USERS: 'keycloak_user' })).rejects.toThrow(/^ADMIN_USERS can't be used/);
  });
});

describe('single-user mode', () => {
  beforeEach(() => start({ SINGLE_USER: 'Ada' }));

  it('needs no token on this machine, and is the same person with one', async () => {
    const { body } = await http().get('/admin').expect(200);
    expect(body).toMatchObject({ name: 'ada', roles: ['admin'] });
    expect((await as(tokenOf({ sub: 'ada' }))).body.userId).toBe(body.userId);
    await as('nonsense').expect(401);
  });

  it.each([
    { Host: 'violentutf.example.org' },
    { Host: '127.0.0.1.example.org:8080' },
    { Host: '' },
    { Origin: 'https://example.org' },
    { Origin: 'http://localhost:1' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ])('refuses %j', async (headers) => {
    const { body } = await http().get('/who').set(headers).expect(403);
    expect(body.type).toBe('/problems/not-local');
  });

  it('serves pages of its own', async () => {
    const host = new URL(await app.getUrl()).host;
    await http()
      .post('/who')
      .set({ Host: host, Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' })
      .expect(201);
    await http().get('/who').set('Host', 'localhost:8080').expect(200);
    await http().get('/who').set('Host', '[::1]:8080').expect(200);
  });
});

describe('API keys', () => {
  beforeEach(() => start({ ADMIN_USERS: 'ada' }));

  const create = async (body: object = {}, token = tokenOf()): Promise<{ id: string; key: string }> => {
    const answer = await http()
      .post('/api/v2/api-keys')
      .set('Authorization', `Bearer ${token}`)
      .send({ name: 'ci', scopes: ['read'], ...body })
      .expect(201);
    return answer.body as { id: string; key: string };
  };

  it('stand for their person, in either header', async () => {
    const { id, key } = await create();
    const { userId } = (await as(tokenOf())).body as UserContext;
    expect((await as(key).expect(200)).body).toMatchObject({ userId, name: 'ada', apiKeyId: id, scopes: ['read'], roles: [] });
    expect((await http().get('/who').set('X-API-Key', key).expect(200)).body.userId).toBe(userId);
  });

  it('are shown once', async () => {
    const post = (): request.Test =>
      http()
        .post('/api/v2/api-keys')
        .set('Authorization', `Bearer ${tokenOf()}`)
        .set('Idempotency-Key', 'k')
        .send({ name: 'ci', scopes: ['read'] });
    const first = await post().expect(201);
    const again = await post().expect(201);
    expect(first.body.key).toMatch(/^vutf_/);
    expect(first.headers['location']).toBe(`/api/v2/api-keys/${first.body.id}`);
    const { key: _shown, ...rest } = first.body as Record<string, unknown>;
    expect(again.body).toEqual(rest);
    const list = await as(tokenOf(), '/api/v2/api-keys').expect(200);
    expect(list.body).toEqual({ items: [rest], nextCursor: null });
    expect((await as(tokenOf(), `/api/v2/api-keys/${first.body.id}`).expect(200)).body).toEqual(rest);
  });

  it('end at once when they are revoked, and only their person can do that', async () => {
    const { id, key } = await create();
    await as(key).expect(200);
    const revoke = (token: string): request.Test => http().delete(`/api/v2/api-keys/${id}`).set('Authorization', `Bearer ${token}`);
    await revoke(tokenOf({ sub: 'ben' })).expect(404);
    await as(key).expect(200);
    await revoke(tokenOf()).expect(204);
    const refused = await as(key).expect(401);
    const unknown = await as(`vutf_${'x'.repeat(43)}`).expect(401);
    expect({ ...refused.body, instance: '' }).toEqual({ ...unknown.body, instance: '' });
    expect(refused.text).not.toContain(key);
  });

  it('may do what their scopes say', async () => {
    const read = (await create()).key;
    const run = (await create({ scopes: ['read', 'execute'] })).key;
    const admin = (await create({ scopes: ['read', 'admin'] })).key;
    const post = (path: string, key: string): request.Test => http().post(path).set('X-API-Key', key);
    expect((await post('/who', read).expect(403)).body.type).toBe('/problems/missing-scope');
    await post('/runs', read).expect(403);
    await post('/runs', run).expect(201);
    await post('/who', run).expect(403);
    await as(run, '/admin').expect(403);
    await as(admin, '/admin').expect(200);
    await as((await create({ scopes: ['read', 'admin'] }, tokenOf({ sub: 'ben' }))).key, '/admin').expect(403);
  });

  it('can’t make or revoke keys', async () => {
    const { id, key } = await create({ scopes: ['read', 'write', 'execute', 'admin'] });
    const answer = await http()
      .post('/api/v2/api-keys')
      .set('X-API-Key', key)
      .send({ name: 'x', scopes: ['read'] })
      .expect(403);
    expect(answer.body.type).toBe('/problems/token-needed');
    await http().delete(`/api/v2/api-keys/${id}`).set('X-API-Key', key).expect(403);
  });

  it.each([
    { scopes: [] },
    { scopes: ['all'] },
    { name: '' },
    { expiresAt: '2020-01-01T00:00:00Z' },
    { expiresAt: 'tomorrow' },
    { userId: 'x' },
  ])('are not made of %j', async (body) => {
    const answer = await http()
      .post('/api/v2/api-keys')
      .set('Authorization', `Bearer ${tokenOf()}`)
      .send({ name: 'ci', scopes: ['read'], ...body })
      .expect(400);
    expect(answer.body.errors[0].pointer).toBe(`/${Object.keys(body)[0]}`);
  });
});

describe('aliases', () => {
  beforeEach(() => start({ ...oidc(), ADMIN_USERS: 'root' }));

  const root = (): string => tokenOf({ sub: 'root' });
  const bind = (userId: string, body: object): request.Test =>
    http().post(`/api/v2/users/${userId}/aliases`).set('Authorization', `Bearer ${root()}`).send(body);

  it('open the same memory, until they are taken away', async () => {
    const ada = (await as(tokenOf())).body as UserContext;
    const token = issuer.sign('rsa', { sub: 'F-42' });
    expect((await as(token)).body.userId).not.toBe(ada.userId);
    const bound = await bind(ada.userId, { issuer: issuer.url, name: 'F-42' }).expect(201);
    expect((await as(token)).body).toMatchObject({ userId: ada.userId, name: 'ada' });
    const location = bound.headers['location'] ?? '';
    await http().delete(location).set('Authorization', `Bearer ${root()}`).expect(204);
    expect((await as(token)).body.userId).not.toBe(ada.userId);
  });

  it('are canonical names', async () => {
    const ada = (await as(tokenOf())).body as UserContext;
    const { body } = await bind(ada.userId, { issuer: 'shared-secret', name: ' Ada King ' }).expect(201);
    expect(body).toMatchObject({ userId: ada.userId, name: 'ada_king', canonical: false });
    const list = await as(root(), `/api/v2/users/${ada.userId}/aliases`).expect(200);
    expect(list.body.items.map((alias: { name: string }) => alias.name)).toEqual(['ada', 'ada_king']);
    await bind(ada.userId, { issuer: 'shared-secret', name: 'keycloak_user' }).expect(400);
    await bind(ada.userId, { issuer: 'https://elsewhere.example.org', name: 'a' }).expect(400);
  });

  it('can’t take a memory from another person', async () => {
    const [ada, ben] = (await Promise.all([as(tokenOf()), as(tokenOf({ sub: 'ben' }))])).map(({ body }) => body as UserContext);
    await app.get(CatalogService, { strict: false }).stores.provision(ben?.userId ?? '', { backend: 'duckdb', location: 'ben.db' });
    const { body } = await bind(ada?.userId ?? '', { issuer: 'shared-secret', name: 'ben' }).expect(409);
    expect(body.detail).toContain('POST /api/v2/migration/merges/plans');
  });

  it('are for administrators, and for persons that exist', async () => {
    const ada = (await as(tokenOf())).body as UserContext;
    await as(tokenOf(), `/api/v2/users/${ada.userId}/aliases`).expect(403);
    await as(tokenOf(), '/api/v2/users').expect(403);
    await as(root(), '/api/v2/users/nobody/aliases').expect(404);
    const first = await as(root(), '/api/v2/users?limit=1').expect(200);
    const second = await as(root(), `/api/v2/users?limit=1&cursor=${first.body.nextCursor}`).expect(200);
    expect([first.body.items[0].name, second.body.items[0].name]).toEqual(['ada', 'root']);
  });
});

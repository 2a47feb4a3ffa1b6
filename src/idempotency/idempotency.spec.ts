import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  ConflictException,
  Controller,
  Injectable,
  Module,
  Post,
  Res,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { IsOptional, IsString } from 'class-validator';
import type { Request, Response } from 'express';
import request from 'supertest';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { configureHttp } from '../http/configure-http.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { IdempotencyModule } from './idempotency.module.js';
import { Idempotent } from './idempotent.decorator.js';

class ThingDto {
  @IsString()
  name: string;

  @IsOptional()
  @IsString()
  fail?: string;
}

let created = 0;

@Controller()
class ThingController {
  @Post('things')
  @Idempotent({ omitOnReplay: ['secret'] })
  async create(@Body() { name, fail }: ThingDto, @Res({ passthrough: true }) response: Response): Promise<object> {
    await delay(20);
    if (fail === 'conflict') throw new ConflictException('Taken.');
    if (fail === 'crash') throw new Error('boom');
    created += 1;
    response.location(`/things/${created}`);
    return { id: created, name, secret: 'hunter2', inner: { secret: 'kept' } };
  }

  @Post('runs')
  @Idempotent({ neverReplayBody: true })
  run(@Res({ passthrough: true }) response: Response): object {
    created += 1;
    response.status(202).location(`/runs/${created}`);
    return { id: created };
  }

  @Post('plain')
  plain(): object {
    created += 1;
    return { id: created };
  }
}

@Injectable()
class NameGuard implements CanActivate {
  constructor(private readonly users: UserContextService) {}

  canActivate(context: ExecutionContext): boolean {
    const userId = context.switchToHttp().getRequest<Request>().get('X-User') ?? 'ada';
    this.users.enter({ userId, issuer: 'shared-secret', name: userId, roles: [], scopes: [] });
    return true;
  }
}

@Module({
  imports: [UserContextModule, IdempotencyModule],
  controllers: [ThingController],
  providers: [{ provide: APP_GUARD, useClass: NameGuard }],
})
class ThingModule {}

let directory: string;
let app: NestExpressApplication;

async function start(): Promise<void> {
  const config = await readConfig({ DATA_DIR: directory });
  const testing = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ThingModule] }).compile();
  app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  configureHttp(app, { maxBodyBytes: 10_000 });
  await app.listen(0, '127.0.0.1');
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'idempotency-'));
  created = 0;
  await start();
});

afterEach(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

const post = (path = '/things', body: object = { name: 'a' }, key: string | null = 'key-1'): request.Test => {
  const call = request(app.getHttpServer()).post(path);
  return (key === null ? call : call.set('Idempotency-Key', key)).send(body);
};

describe('a repeated request', () => {
  it('is answered as the first was, and done once', async () => {
    const first = await post().expect(201);
    const again = await post().expect(201);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(first.body).toEqual({ id: 1, name: 'a', secret: 'hunter2', inner: { secret: 'kept' } });
    expect(again.headers).toMatchObject({ 'idempotency-replayed': 'true', location: '/things/1' });
    expect(again.body).toEqual({ id: 1, name: 'a', inner: { secret: 'kept' } });
    expect(created).toBe(1);
  });

  it('is recognised after a restart', async () => {
    await post().expect(201);
    await app.close();
    await start();
    expect((await post().expect(201)).body).toMatchObject({ id: 1 });
    expect(created).toBe(1);
  });

  it('has no body where none may be kept', async () => {
    await post('/runs').expect(202, { id: 1 });
    const again = await post('/runs').expect(202);
    expect([again.text, again.headers['location']]).toEqual(['', '/runs/1']);
  });

  it('is refused while the first is under way', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post()));
    const [busy] = answers.filter(({ status }) => status === 409);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    expect(busy?.body).toMatchObject({ type: '/problems/request-in-progress', retryAfter: 1 });
    expect(created).toBe(1);
  });

  it('is done when the first failed, whatever the reason', async () => {
    await post('/things', { name: 'a', fail: 'conflict' }).expect(409);
    await post('/things', { name: 'a', fail: 'crash' }).expect(500);
    await post('/things', { name: 1 }).expect(400);
    await post('/things', { name: 'a' }).expect(201);
    expect(created).toBe(1);
  });
});

describe('another request', () => {
  it('under the same key is refused, finished or under way', async () => {
    const [first, second] = await Promise.all([post(), post('/things', { name: 'b' })]);
    expect([first.status, second.status].sort((a, b) => a - b)).toEqual([201, 422]);
    const { body } = await post('/things', { name: 'c' }).expect(422);
    expect(body.type).toBe('/problems/idempotency-key-reused');
  });

  it('of another person, to another address, or under another key is its own', async () => {
    await post().expect(201);
    await post().set('X-User', 'ben').expect(201);
    await post('/runs').expect(202);
    await post('/things?dry=1').expect(201);
    await post('/things', { name: 'a' }, 'key-2').expect(201);
    expect(created).toBe(5);
  });

  it('without a key, or to a route that does not know them, is done each time', async () => {
    await post('/things', { name: 'a' }, null).expect(201);
    await post('/things', { name: 'a' }, null).expect(201);
    await post('/plain').expect(201);
    await post('/plain').expect(201);
    expect(created).toBe(4);
  });

  it.each(['', 'a b', 'x'.repeat(256)])('with the key %j is refused', async (key) => {
    await post('/things', { name: 'a' }, key).expect(400);
    expect(created).toBe(0);
  });
});

import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Query,
  Sse,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { interval, map, take, type Observable } from 'rxjs';
import request from 'supertest';
import { UserContextModule } from './user-context.module.js';
import { UserContextService } from './user-context.service.js';
import type { UserContext } from './user-context.js';

function user(userId: string): UserContext {
  return { userId, issuer: 'shared-secret', name: userId, roles: [], scopes: ['read'] };
}

describe('UserContextService', () => {
  const users = new UserContextService();

  it('has a user below run(), through every kind of asynchrony, and none elsewhere', async () => {
    const seen = await users.run(user('ada'), async () => {
      await delay(1);
      const emitter = new EventEmitter();
      setImmediate(() => emitter.emit('done'));
      await once(emitter, 'done');
      return users.current().userId;
    });
    expect(seen).toBe('ada');
    expect(users.find()).toBeNull();
    expect(() => users.current()).toThrow(/for no user/);
  });

  it('is entered once, by one user, inside a request only', () => {
    expect(() => users.enter(user('ada'))).toThrow(/no request/);
    users.runUnknown(() => {
      users.enter(user('ada'));
      expect(() => users.enter(user('ben'))).toThrow(/can't be entered by user ben/);
      expect(users.current().userId).toBe('ada');
      expect(Object.isFrozen(users.current())).toBe(true);
    });
  });
});

@Injectable()
class NameGuard implements CanActivate {
  constructor(private readonly users: UserContextService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { name, wait } = context.switchToHttp().getRequest<{ query: { name?: string; wait?: string } }>().query;
    await delay(Number(wait ?? 0));
    if (name !== undefined) this.users.enter(user(name));
    return true;
  }
}

@Controller()
class WhoController {
  constructor(private readonly users: UserContextService) {}

  @Get('who')
  async who(@Query('wait') wait: string): Promise<string> {
    await delay(Number(wait));
    return this.users.current().userId;
  }

  @Sse('stream')
  stream(): Observable<{ data: string }> {
    return interval(1).pipe(
      take(2),
      map(() => ({ data: this.users.current().userId })),
    );
  }
}

@Module({ imports: [UserContextModule], controllers: [WhoController], providers: [{ provide: APP_GUARD, useClass: NameGuard }] })
class WhoModule {}

describe('a request', () => {
  let app: INestApplication;

  beforeAll(async () => {
    app = (await Test.createTestingModule({ imports: [WhoModule] }).compile()).createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  it('is one user’s from guard to handler, however many others there are at the same time', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `user_${index}`);
    const answers = await Promise.all(
      names.map((name, index) =>
        request(app.getHttpServer())
          .get('/who')
          .query({ name, wait: (index * 7) % 20 }),
      ),
    );
    expect(answers.map((answer) => answer.text)).toEqual(names);
  });

  it('stays the user’s in a stream that outlives the handler', async () => {
    const { text } = await request(app.getHttpServer()).get('/stream').query({ name: 'ada' });
    expect(text.match(/data: ada/g)).toHaveLength(2);
  });

  it('fails where it needs a user and has none', async () => {
    await request(app.getHttpServer()).get('/who').query({ wait: 0 }).expect(500);
  });
});

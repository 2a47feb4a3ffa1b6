import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpException,
  Logger as NestLogger,
  Module,
  Param,
  Post,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsString, ValidateNested } from 'class-validator';
import type { Request, Response } from 'express';
import { Logger, LoggerModule } from 'nestjs-pino';
import type { Options } from 'pino-http';
import { Writable } from 'node:stream';
import request from 'supertest';
import { Conflict, InvalidInput, NotFound, QuotaExceeded, StaleRevision, StoreSwitched, Unavailable } from '#core';
import { configureHttp } from './configure-http.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { etagOf, requireRevision } from './etag.js';
import { logging } from './logging.js';
import { PageQuery } from './page.js';
import { Problem } from './problem.js';
import { requireStorableJson } from './storable-json.js';

class PartDto {
  @IsInt()
  size: number;
}

class ThingDto {
  @IsString()
  name: string;

  @ValidateNested({ each: true })
  @Type(() => PartDto)
  @ArrayMaxSize(1000)
  parts: PartDto[];
}

const errors: Record<string, () => Error> = {
  invalid: () => new InvalidInput('The model is missing.', [{ pointer: '/model', detail: 'is required' }]),
  missing: () => new NotFound('dataset', '42'),
  conflict: () => new Conflict('The name is taken.'),
  stale: () => new StaleRevision('It was changed meanwhile.'),
  quota: () => new QuotaExceeded('10 executions are the limit.'),
  switched: () => new StoreSwitched('Another file was found.'),
  busy: () => new Unavailable('The store is being moved.', 1500),
  gateway: () => new HttpException('Not here.', 421),
  health: () => new ServiceUnavailableException({ status: 'error', details: { database: { status: 'down' } } }),
  challenge: () => new Problem(401, 'invalid-token', 'Bring a token.', { headers: { 'WWW-Authenticate': 'Bearer' } }),
  bug: () => new TypeError('secret internals of a query'),
  parser: () => new SyntaxError('Unexpected token, "a secret prompt" is not valid JSON'),
};

@Controller()
class ThingController {
  readonly #logger = new NestLogger('ThingController');

  @Get('errors/:kind')
  fail(@Param('kind') kind: string): never {
    throw errors[kind]?.() ?? new Error('There is no such kind.');
  }

  @Get('half')
  half(@Res() response: Response): never {
    response.write('half of an answer');
    throw new Error('broken');
  }

  @Post('things')
  create(@Body() body: ThingDto): object {
    return { name: body.name, parts: body.parts.map((part) => [part instanceof PartDto, part.size]) };
  }

  @Get('things')
  list(@Query() page: PageQuery): object {
    return { limit: page.limit, after: page.cursor === undefined ? null : decodeCursor(page.cursor) };
  }

  @Get('things/1')
  get(@Res({ passthrough: true }) response: Response): object {
    response.set('ETag', etagOf(3));
    return { revision: 3 };
  }

  @Post('things/1')
  change(@Headers('if-match') ifMatch?: string): object {
    requireRevision(ifMatch, 3);
    return { revision: 4 };
  }

  @Post('upload')
  @UseInterceptors(FileInterceptor('file', { limits: { fileSize: 10 } }))
  upload(@UploadedFile() file: { readonly size: number }): object {
    return { size: file.size };
  }

  @Get('me')
  me(@Req() who: { user?: object }): string {
    who.user = { userId: 'u-1' };
    this.#logger.log({ headers: { authorization: 'hunter2', accept: 'any' } }, 'A careless line');
    return 'me';
  }

  @Get('health/live')
  live(): string {
    return 'ok';
  }
}

const log: string[] = [];

@Module({
  imports: [
    LoggerModule.forRoot({
      pinoHttp: {
        ...(logging('info').pinoHttp as Options),
        stream: new Writable({
          write(line: Buffer, _encoding, done) {
            log.push(line.toString());
            done();
          },
        }),
      },
    }),
  ],
  controllers: [ThingController],
})
class ThingModule {}

let app: NestExpressApplication;

beforeAll(async () => {
  const testing = await Test.createTestingModule({ imports: [ThingModule] }).compile();
  app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  app.useLogger(app.get(Logger));
  configureHttp(app, { maxBodyBytes: 2000 });
  await app.listen(0, '127.0.0.1');
});

afterAll(() => app.close());

const http = (): ReturnType<typeof request> => request(app.getHttpServer());

describe('errors', () => {
  it.each([
    ['invalid', 400, '/problems/invalid-input'],
    ['missing', 404, '/problems/not-found'],
    ['conflict', 409, '/problems/conflict'],
    ['stale', 412, '/problems/stale-revision'],
    ['quota', 403, '/problems/quota-exceeded'],
    ['switched', 503, '/problems/store-switched'],
    ['busy', 503, '/problems/unavailable'],
    ['gateway', 421, '/problems/misdirected-request'],
    ['challenge', 401, '/problems/invalid-token'],
    ['bug', 500, '/problems/internal'],
  ])('%s: %i', async (kind, status, type) => {
    const { body, headers } = await http().get(`/errors/${kind}`).expect(status);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ type, status, title: expect.stringMatching(/^[A-Z]/), detail: expect.stringMatching(/\.$/) });
    expect(body.instance).toBe(headers['x-request-id']);
  });

  it('carry what helps: faults, seconds to wait, headers, parts of a health check', async () => {
    expect((await http().get('/errors/invalid')).body.errors).toEqual([{ pointer: '/model', detail: 'is required' }]);
    const busy = await http().get('/errors/busy');
    expect([busy.body.retryAfter, busy.headers['retry-after']]).toEqual([2, '2']);
    expect((await http().get('/errors/challenge')).headers['www-authenticate']).toBe('Bearer');
    expect((await http().get('/errors/health')).body).toMatchObject({ status: 503, details: { database: { status: 'down' } } });
  });

  it('say nothing of internals, but the log has them under the id of the request', async () => {
    log.length = 0;
    const { text } = await http().get('/errors/bug').set('X-Request-Id', 'mine-1').expect(500);
    expect(text).not.toContain('secret internals');
    expect(JSON.parse(text)).toMatchObject({ instance: 'mine-1' });
    expect(log.find((line) => line.includes('TypeError: secret internals'))).toContain('"requestId":"mine-1"');
  });

  it('never quote what a parser was given, not even in the log', async () => {
    await http().get('/errors/parser').expect(500);
    expect(log.some((line) => line.includes('SyntaxError'))).toBe(true);
    expect(log.join('')).not.toContain('a secret prompt');
  });

  it('break off an answer that has begun', async () => {
    await expect(http().get('/half')).rejects.toThrow(/aborted|hang up/);
  });

  it('answer an unknown address without repeating it', async () => {
    const { text } = await http().get('/nowhere?key=hunter2').expect(404);
    expect(text).toContain('/problems/not-found');
    expect(text).not.toContain('hunter2');
    await http().get('/errors/%ff').expect(400);
  });
});

describe('bodies', () => {
  const post = (body: string | Buffer, type = 'application/json'): request.Test =>
    http()
      .post('/things')
      .set('Content-Type', type)
      .serialize((raw) => raw as unknown as string)
      .send(body as string);

  it('are made instances of their DTO', async () => {
    const { body } = await post('{"name":"a","parts":[{"size":1}]}').expect(201);
    expect(body).toEqual({ name: 'a', parts: [[true, 1]] });
  });

  it('are refused with a pointer for each fault; nothing is converted by guessing', async () => {
    const { body } = await post('{"name":1,"parts":[{"size":"1"},{"size":2,"a/b":0}],"x":1}').expect(400);
    expect(body.type).toBe('/problems/invalid-input');
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { pointer: '/x', detail: 'is not known here' },
        { pointer: '/name', detail: 'must be a string' },
        { pointer: '/parts/0/size', detail: 'must be an integer number' },
        { pointer: '/parts/1/a~1b', detail: 'is not known here' },
      ]),
    );
    expect(body.errors).toHaveLength(4);
  });

  it('bring a bounded number of faults', async () => {
    const { body } = await post(JSON.stringify({ name: 'a', parts: Array.from({ length: 150 }, () => ({})) })).expect(400);
    expect(body.errors).toHaveLength(100);
  });

  it.each([
    ['an object of too many members', `{${Array.from({ length: 1_001 }, (_, at) => `"${at}":1`).join()}}`, 'has more than 1000 members'],
    ['too many lists', `[${'[],'.repeat(50_000)}[]]`, 'must not hold more than 50000 objects and lists; upload a larger dataset as a file'],
  ])('%s is refused before anything is validated', (_what, body, detail) => {
    const next = jest.fn();
    requireStorableJson({ body: JSON.parse(body) as unknown } as Request, {} as Response, next);
    expect(next).toHaveBeenCalledWith(expect.objectContaining({ faults: [{ pointer: '', detail }] }));
  });

  it.each([
    ['broken JSON', '{"name": "a secret prompt"', 'application/json', 400, '/problems/malformed-json'],
    ['a bare word', '"a secret prompt"', 'application/json', 400, '/problems/malformed-json'],
    ['broken UTF-8', Buffer.from('{"name":"a secret prompt\xff"}', 'latin1'), 'application/json', 400, '/problems/malformed-json'],
    ['another charset', Buffer.from('{}', 'utf16le'), 'application/json; charset=utf-16', 415, '/problems/unsupported-media-type'],
    ['an unknown charset', '{}', 'application/json; charset=klingon', 415, '/problems/unsupported-media-type'],
    ['a form', 'name=a', 'application/x-www-form-urlencoded', 415, '/problems/unsupported-media-type'],
    ['plain text', '{}', 'text/plain', 415, '/problems/unsupported-media-type'],
    ['too much', `{"name":"${'a'.repeat(3000)}"}`, 'application/json', 413, '/problems/content-too-large'],
    ['nothing', '', 'application/json', 400, '/problems/invalid-input'],
  ])('%s', async (_what, body, type, status, problem) => {
    const answer = await post(body, type).expect(status);
    expect(answer.body.type).toBe(problem);
    expect(answer.text).not.toContain('secret prompt');
  });

  it('of files are bounded too', async () => {
    await http().post('/upload').attach('file', Buffer.alloc(5), 'a.txt').expect(201, { size: 5 });
    expect((await http().post('/upload').attach('file', Buffer.alloc(50), 'a.txt').expect(413)).body.type).toBe(
      '/problems/content-too-large',
    );
    await http().post('/upload').attach('other', Buffer.alloc(5), 'a.txt').expect(400);
  });
});

describe('pages', () => {
  it('have a default size, a largest one, and a cursor that comes back as it was', async () => {
    await http().get('/things').expect(200, { limit: 50, after: null });
    const cursor = encodeCursor({ at: '2026-01-01', id: 'ü' });
    await http()
      .get('/things')
      .query({ limit: 500, cursor })
      .expect(200, { limit: 500, after: { at: '2026-01-01', id: 'ü' } });
  });

  it.each([
    { limit: 0 },
    { limit: 501 },
    { limit: '1e2' },
    { limit: 'all' },
    { limit: ['1', '2'] },
    { limit: '' },
    { offset: 1 },
    { cursor: 'x y' },
    { cursor: 'bm9wZQ' },
  ])('refuse %j', async (query) => {
    const { body } = await http().get('/things').query(query).expect(400);
    expect(body.errors[0].pointer).toBe(`/${Object.keys(query)[0]}`);
  });
});

describe('revisions', () => {
  it('are told as ETag, and only told where there is one', async () => {
    expect((await http().get('/things/1')).headers.etag).toBe('"3"');
    expect((await http().get('/things')).headers.etag).toBeUndefined();
  });

  it.each([
    [undefined, 201],
    ['*', 201],
    ['"3"', 201],
    ['W/"3"', 201],
    ['"2"', 412],
    ['3', 400],
    ['"2", "3"', 400],
  ])('If-Match %s: %i', async (ifMatch, status) => {
    const call = http().post('/things/1');
    await (ifMatch === undefined ? call : call.set('If-Match', ifMatch)).expect(status);
  });
});

describe('the log', () => {
  it('has ids, method, path, status and time of a request, and nothing that a person or a program keeps secret', async () => {
    log.length = 0;
    const secrets = { Authorization: 'Bearer hunter2', Cookie: 'hunter2', 'X-API-Key': 'hunter2', 'Idempotency-Key': 'hunter2' };
    const { headers } = await http().get('/things?cursor=hunter2').set(secrets).expect(400);
    const line = log.find((entry) => entry.includes('"path":"/things"'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      requestId: headers['x-request-id'],
      req: { method: 'GET' },
      res: { status: 400 },
      responseTime: expect.any(Number),
    });
    expect(log.join('')).not.toContain('hunter2');
  });

  it('has the user, and hides headers that someone logs', async () => {
    log.length = 0;
    await http().get('/me').expect(200);
    expect(log.find((entry) => entry.includes('"path":"/me"'))).toContain('"userId":"u-1"');
    expect(log.find((entry) => entry.includes('A careless line'))).toContain('"headers":{"authorization":"[hidden]","accept":"any"}');
  });

  it('is not filled by the probe of a container platform', async () => {
    log.length = 0;
    await http().get('/health/live').expect(200);
    expect(log).toEqual([]);
  });

  it('does not take any id for one', async () => {
    const { headers } = await http().get('/things').set('X-Request-Id', 'a b<script>');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

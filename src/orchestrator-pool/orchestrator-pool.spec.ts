import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { Unavailable } from '#core';
import { ConfigModule } from '../config/config.module.js';
import { readConfig, type Environment } from '../config/read-config.js';
import { EXPIRY_INTERVAL_MS } from './expiry.job.js';
import { OrchestratorPoolModule } from './orchestrator-pool.module.js';
import { OrchestratorPool } from './orchestrator-pool.service.js';

/** Keeps what is logged, by level. */
class KeptLog implements LoggerService {
  readonly lines: (readonly [level: string, message: unknown, ...more: unknown[]])[] = [];
  readonly log = (message: unknown, ...more: unknown[]): unknown => this.lines.push(['log', message, ...more]);
  readonly debug = (message: unknown, ...more: unknown[]): unknown => this.lines.push(['debug', message, ...more]);
  readonly warn = (message: unknown, ...more: unknown[]): unknown => this.lines.push(['warn', message, ...more]);
  readonly error = (message: unknown, ...more: unknown[]): unknown => this.lines.push(['error', message, ...more]);

  /** What the pool said of one instance. */
  get said(): unknown[] {
    return this.lines.filter(([, message]) => typeof message === 'object').map(([level, , said]) => `${level}: ${String(said)}`);
  }
}

class Compiled implements AsyncDisposable {
  disposed = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed += 1;
  }
}

let directory: string;
let log: KeptLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestrator-pool-'));
  log = new KeptLog();
});

afterEach(() => {
  jest.useRealTimers();
  rmSync(directory, { recursive: true });
});

async function start(env: Environment = {}): Promise<TestingModule> {
  const config = await readConfig({ DATA_DIR: directory, ...env });
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(config), ScheduleModule.forRoot(), OrchestratorPoolModule],
  })
    .setLogger(log)
    .compile();
  await module.init();
  return module;
}

async function compile(): Promise<Compiled> {
  return new Compiled();
}

async function use(pool: OrchestratorPool, user: string, orchestrator: string): Promise<Compiled> {
  await using lease = await pool.acquire(user, orchestrator, 'hash', compile);
  return lease.instance;
}

describe('OrchestratorPool', () => {
  it('is as large, and keeps as long, as the operator says', async () => {
    const module = await start({ ORCHESTRATOR_POOL_SIZE: '1', ORCHESTRATOR_TTL_MINUTES: '0.5' });
    const pool = module.get(OrchestratorPool);
    expect(pool.stats()).toMatchObject({ maxInstances: 1, ttlMinutes: 0.5 });
    const first = await use(pool, 'ada', 'one');
    await use(pool, 'ada', 'two');
    expect([first.disposed, pool.stats().totalInstances]).toEqual([1, 1]);
    await module.close();
  });

  it('drops by itself, within a minute, what nobody has used for too long', async () => {
    jest.useFakeTimers();
    const module = await start({ ORCHESTRATOR_TTL_MINUTES: '5' });
    const pool = module.get(OrchestratorPool);
    const [idle, held] = [await use(pool, 'ada', 'one'), await pool.acquire('ada', 'two', 'hash', compile)];
    await jest.advanceTimersByTimeAsync(5 * 60_000 - 1);
    expect(idle.disposed).toBe(0);
    await jest.advanceTimersByTimeAsync(EXPIRY_INTERVAL_MS);
    expect([idle.disposed, held.instance.disposed]).toEqual([1, 0]);
    expect(log.said.slice(-2)).toEqual(['log: compiled orchestrator expired', 'log: expired compiled orchestrators were dropped']);
    await held[Symbol.asyncDispose]();
    await module.close();
  });

  it('tells the log what happens to an instance, with ids only, and what happens often only at debug level', async () => {
    const module = await start();
    const pool = module.get(OrchestratorPool);
    log.lines.length = 0;
    await use(pool, 'ada', 'one');
    await use(pool, 'ada', 'one');
    await pool.acquire('ada', 'one', 'changed', compile);
    await pool.end('ada', 'two');
    await use(pool, 'ada', 'two');
    await pool.end('ada', 'two');
    expect(log.said).toEqual([
      'log: compiled orchestrator created',
      'debug: compiled orchestrator reused',
      'log: compiled orchestrator evicted',
      'log: compiled orchestrator created',
      'log: compiled orchestrator created',
      'log: compiled orchestrator ended',
    ]);
    for (const [, ids] of log.lines)
      expect(ids).toEqual({ userId: 'ada', orchestratorId: expect.stringMatching(/^(one|two)$/), instanceId: expect.any(String) });
    await module.close();
  });

  it('reports an instance that can not be disposed as an error', async () => {
    const module = await start({ ORCHESTRATOR_POOL_SIZE: '0' });
    const pool = module.get(OrchestratorPool);
    const failure = new Error('stuck');
    const lease = await pool.acquire('ada', 'one', 'hash', async () => ({ [Symbol.asyncDispose]: () => Promise.reject(failure) }));
    await lease[Symbol.asyncDispose]();
    expect(log.lines.at(-1)).toEqual([
      'error',
      { userId: 'ada', orchestratorId: 'one', instanceId: expect.any(String), err: failure },
      'a compiled orchestrator could not be disposed',
      'OrchestratorPool',
    ]);
    expect(pool.stats().disposalErrors).toBe(1);
    await module.close();
  });

  it('closes with the application: what is idle goes, what is in use when it is given back, and nothing is lent any more', async () => {
    const module = await start();
    const pool = module.get(OrchestratorPool);
    const [idle, held] = [await use(pool, 'ada', 'one'), await pool.acquire('ada', 'two', 'hash', compile)];
    await module.close();
    expect([idle.disposed, held.instance.disposed]).toEqual([1, 0]);
    await expect(use(pool, 'ada', 'one')).rejects.toBeInstanceOf(Unavailable);
    await held[Symbol.asyncDispose]();
    expect(held.instance.disposed).toBe(1);
  });
});

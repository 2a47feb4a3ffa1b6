import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Unavailable } from '#core';
import type { MemoryStore } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { DbConnectionModule } from './db-connection.module.js';
import { DbConnectionService } from './db-connection.service.js';

let directory: string;
let app: TestingModule;
let db: DbConnectionService;
let catalog: CatalogService;
let userId: string;
let storeId: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'withheld-'));
  const config = await readConfig({ DATA_DIR: directory });
  app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), DbConnectionModule] }).compile();
  await app.init();
  [db, catalog] = [app.get(DbConnectionService), app.get(CatalogService)];
  userId = (await catalog.users.resolve({ issuer: 'shared-secret', name: 'ada' })).userId;
  await db.lendOf(userId, async () => undefined);
  storeId = (await catalog.stores.find(userId))?.storeId ?? '';
});

afterEach(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

const write = (name: string) => (store: MemoryStore) =>
  store.transact(({ configurations }) => configurations('converters').create({ name, type: 'base64', parameters: {}, secrets: {} }));

const written = (): Promise<number> =>
  db.lendWithheld(userId, (store) =>
    store.read(async ({ configurations }) => (await configurations('converters').list({ limit: 500, before: null })).length),
  );

describe('A memory that is withheld', () => {
  it('takes nothing any more: what was acknowledged is in it, and what comes late is refused', async () => {
    const early = Array.from({ length: 40 }, (_, index) => db.lendOf(userId, write(`early ${index}`)));
    const moving = catalog.stores.transition(storeId, 'active', 'moving', 'admin');
    const late: Promise<unknown>[] = [];
    for (let index = 0; index < 40; index++) {
      late.push(db.lendOf(userId, write(`late ${index}`)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const settled = Promise.allSettled([...early, ...late]);
    await moving;
    await db.withhold(userId);
    const then = await written();
    const outcomes = await settled;
    expect(then).toBe(outcomes.filter(({ status }) => status === 'fulfilled').length);
    expect(await written()).toBe(then);
    await expect(db.lendOf(userId, write('too late'))).rejects.toThrow(Unavailable);
    await catalog.stores.transition(storeId, 'moving', 'active', 'admin');
    await db.lendOf(userId, write('again'));
    expect(await written()).toBe(then + 1);
  });

  it('is not lent to whoever asked before and is served after', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const holder = db.lendOf(userId, (store) =>
      store.transact(async () => {
        begun.resolve();
        await goOn.promise;
      }),
    );
    await begun.promise;
    // It closes when the holder has come to an end. Until then it is waited for.
    const closed = db.withhold(userId);
    const late = db.lendOf(userId, write('late'));
    const outcome = late.then(
      () => null,
      (error: unknown) => error,
    );
    await new Promise((resolve) => setImmediate(resolve));
    await catalog.stores.transition(storeId, 'active', 'moving', 'admin');
    goOn.resolve();
    await Promise.all([holder, closed]);
    expect(await outcome).toBeInstanceOf(Unavailable);
    expect(await written()).toBe(0);
  });

  it('is closed to whoever was lent it before', async () => {
    const begun = Promise.withResolvers<MemoryStore>();
    const goOn = Promise.withResolvers<void>();
    const holder = db.lendOf(userId, async (store) => {
      begun.resolve(store);
      await goOn.promise;
      return write('behind its back')(store);
    });
    await begun.promise;
    await catalog.stores.transition(storeId, 'active', 'moving', 'admin');
    await db.withhold(userId);
    goOn.resolve();
    await expect(holder).rejects.toThrow();
    expect(await written()).toBe(0);
  });
});

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { DatabaseMissing } from '#database';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { CatalogModule } from './catalog.module.js';
import { CatalogService } from './catalog.service.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'catalog-service-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function start(): Promise<TestingModule> {
  const config = await readConfig({ DATA_DIR: directory });
  return Test.createTestingModule({ imports: [ConfigModule.forRoot(config), CatalogModule] }).compile();
}

describe('CatalogService', () => {
  it('opens the catalog at boot, for its owner only, and closes it at shutdown', async () => {
    const first = await start();
    const user = await first.get(CatalogService).users.resolve({ issuer: 'shared-secret', name: 'ada' });
    expect(statSync(join(directory, 'catalog.db')).mode & 0o777).toBe(0o600);
    await first.close();
    const second = await start();
    expect(await second.get(CatalogService).users.get(user.userId)).toEqual(user);
    await second.close();
  });

  it('refuses to start without the catalog that was there before', async () => {
    await (await start()).close();
    rmSync(join(directory, 'catalog.db'));
    await expect(start()).rejects.toThrow(DatabaseMissing);
  });
});

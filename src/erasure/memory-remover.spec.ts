import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import type { DoomedStore } from '#catalog';
import { DatabaseInUse } from '#database';
import { CatalogModule } from '../catalog/catalog.module.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { MemoryRemover } from './memory-remover.service.js';

let directory: string;
let app: TestingModule;
let catalog: CatalogService;
let db: DbConnectionService;
let remover: MemoryRemover;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'memory-remover-'));
  const config = await readConfig({ DATA_DIR: directory });
  const imports = [ConfigModule.forRoot(config), CatalogModule, DbConnectionModule];
  app = await Test.createTestingModule({ imports, providers: [MemoryRemover] }).compile();
  app.useLogger(false);
  await app.init();
  [catalog, db, remover] = [app.get(CatalogService), app.get(DbConnectionService), app.get(MemoryRemover)];
});

afterEach(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

/** A person who has a memory, which is closed. */
async function person(name: string): Promise<{ readonly userId: string; readonly path: string }> {
  const { userId } = await catalog.users.resolve({ issuer: 'shared-secret', name });
  await db.lendOf(userId, async () => undefined);
  await db.releaseOf(userId);
  return { userId, path: join(directory, 'memory', (await catalog.stores.find(userId))?.location ?? '') };
}

async function doom(userId: string): Promise<DoomedStore> {
  const [doomed] = await catalog.erasures.doomed(await catalog.erasures.begin(userId, 'root'));
  if (!doomed) throw new Error('There is one.');
  return doomed;
}

describe('A memory that is removed', () => {
  it('is removed where it really is, when its file is a link to another disk', async () => {
    const ada = await person('ada');
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    await rename(ada.path, join(disk, 'ada.db'));
    symlinkSync(join(disk, 'ada.db'), ada.path);
    for (const name of ['ada.db.txt', 'ada.db.copy-draft', 'other']) writeFileSync(join(disk, name), '');
    expect(await remover.remove(await doom(ada.userId))).toMatchObject({ files: 3, rescued: 0, foreign: null });
    expect(readdirSync(disk).sort()).toEqual(['ada.db.txt', 'other']);
    expect(readdirSync(join(directory, 'memory'))).toEqual([]);
  });

  it('leaves what a link leads to that is another person’s, or no memory', async () => {
    const [ada, ben] = [await person('ada'), await person('ben')];
    rmSync(ada.path);
    symlinkSync(ben.path, ada.path);
    const doomed = await doom(ada.userId);
    expect(await remover.remove(doomed)).toMatchObject({ files: 0, foreign: doomed.location });
    rmSync(ada.path);
    writeFileSync(join(directory, 'notes'), 'no memory');
    symlinkSync(join(directory, 'notes'), ada.path);
    expect(await remover.remove(doomed)).toMatchObject({ files: 1, foreign: null });
    expect([existsSync(ben.path), existsSync(join(directory, 'notes'))]).toEqual([true, true]);
  });

  it('is not removed while it is written anew, which would bring it back, nor opened while it is removed', async () => {
    const { userId, path } = await person('ada');
    const written = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const compacting = db.whileClosed(userId, 0, () => {
      begun.resolve();
      return written.promise;
    });
    await begun.promise;
    const doomed = await doom(userId);
    await expect(remover.remove(doomed)).rejects.toBeInstanceOf(DatabaseInUse);
    expect(existsSync(path)).toBe(true);
    written.resolve();
    await compacting;
    const removing = remover.remove(doomed);
    await expect(db.lendWithheld(userId, async () => undefined)).rejects.toThrow(/missing/);
    expect(await removing).toMatchObject({ files: 1 });
    expect(readdirSync(join(directory, 'memory'))).toEqual([]);
  });
});

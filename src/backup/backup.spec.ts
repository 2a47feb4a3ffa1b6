import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Conflict, NotFound, Unavailable } from '#core';
import { CatalogModule } from '../catalog/catalog.module.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { BackupErasure } from './backup-erasure.service.js';
import { BackupMaker } from './backup-maker.service.js';
import { assertSpace } from './backup-space.js';
import { BackupService } from './backup.service.js';
import { serverVersion } from './server-version.js';

let directory: string;
let app: TestingModule;
let backups: BackupService;
let catalog: CatalogService;
let db: DbConnectionService;
let told: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'backup-service-'));
  const config = await readConfig({ DATA_DIR: directory });
  const imports = [ConfigModule.forRoot(config), CatalogModule, DbConnectionModule];
  app = await Test.createTestingModule({ imports, providers: [BackupService, BackupMaker, BackupErasure] }).compile();
  app.useLogger(false);
  await app.init();
  [backups, catalog, db] = [app.get(BackupService), app.get(CatalogService), app.get(DbConnectionService)];
  told = [];
  backups.subscribe({
    succeeded: ({ files, skipped }, durationMs) => told.push(`succeeded: ${files.length}, ${skipped.length}, ${durationMs >= 0}`),
    failed: ({ failure }) => told.push(`failed: ${failure ?? ''}`),
  });
});

afterEach(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

/** A person who has a memory. @returns their id and that of their store. */
async function person(name: string): Promise<{ userId: string; storeId: string }> {
  const { userId } = await catalog.users.resolve({ issuer: 'shared-secret', name });
  await db.lendOf(userId, async () => undefined);
  await db.releaseOf(userId);
  return { userId, storeId: (await catalog.stores.find(userId))?.storeId ?? '' };
}

async function backUp(userId: string | null = null): Promise<void> {
  await backups.start(userId, 'root');
  await backups.ended();
}

describe('Backups', () => {
  it('tell whoever wants to know how they ended, and leave closed what was closed', async () => {
    await person('ada');
    expect(await backups.newest()).toBeNull();
    await backUp();
    expect(told).toEqual(['succeeded: 2, 0, true']);
    expect(db.stats().open).toBe(0);
    expect((await backups.newest())?.serverVersion).toBe(await serverVersion());
    expect((await catalog.audit.list({ limit: 1, after: null })).items).toEqual([
      expect.objectContaining({ actor: 'root', action: 'backup.made' }),
    ]);
    await db.lendOf((await person('ada')).userId, backUpWhileLent);
    expect(db.stats().open).toBe(1);
  });

  it('are waited for by whoever erases, those as well that are about to begin, unless the server stops', async () => {
    const ada = await person('ada');
    const erasure = { ...(await catalog.erasures.begin(ada.userId, 'root')), userIds: [] };
    await catalog.erasures.advance(erasure, 'done', {});
    const beginning = backups.start(null, 'root');
    await expect(app.get(BackupErasure).forget(erasure, [], AbortSignal.abort())).rejects.toThrow(/abort/);
    const stop = new AbortController();
    const cutOff = app.get(BackupErasure).forget(erasure, [], stop.signal);
    stop.abort();
    await expect(cutOff).rejects.toThrow(/abort/);
    expect(told).toEqual([]);
    await backups.ended();
    expect(told).toEqual([expect.stringMatching(/^succeeded/)]);
    await beginning;
  });

  const backUpWhileLent = (): Promise<void> => backUp();

  it('hold what is archived or withheld, and not what was erased', async () => {
    const [ada, bob, eve] = [await person('ada'), await person('bob'), await person('eve')];
    await catalog.stores.transition(ada.storeId, 'active', 'archived', 'root');
    await catalog.stores.transition(bob.storeId, 'active', 'moving', 'root');
    await catalog.stores.transition(eve.storeId, 'active', 'erased', 'root');
    await backUp();
    const newest = await backups.newest();
    expect(newest?.files.flatMap(({ storeId }) => storeId ?? [])).toEqual([ada.storeId, bob.storeId]);
    expect(newest?.skipped).toEqual([]);
  });

  it('are not begun while memories are merged, nor made when some were meanwhile, and never two at once', async () => {
    const ada = await person('ada');
    const both = await Promise.allSettled([backups.start(null, 'root'), backups.start(null, 'root')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await backups.ended();
    for (const name of ['bob', 'cyd', 'dan', 'eve']) await person(name);
    const begun = await backups.start(null, 'root');
    // Then its catalog was copied, and says that it is active.
    while (begun.progress.memories === null) await new Promise((resolve) => setImmediate(resolve));
    await catalog.stores.transition(ada.storeId, 'active', 'archived', 'root');
    await backups.ended();
    expect(await backups.get(begun.id)).toMatchObject({
      run: { failure: expect.stringMatching(/merged, or parted, while the backup was made/) },
    });
    const merge = await catalog.migrations.create('merge-run', 'root', {});
    await expect(backups.start(null, 'root')).rejects.toThrow(
      new Conflict(`Two memories are being merged (${merge.documentId}). Back up when that has ended.`),
    );
    expect(told.at(-1)).toMatch(/^failed: Two memories are being merged/);
    expect((await backups.list()).some((entry) => 'run' in entry && entry.run.failure !== null)).toBe(true);
    await expect(backups.start('01890a5d-ac96-774b-bcce-b302099a8057', 'root')).rejects.toBeInstanceOf(NotFound);
    expect(readdirSync(join(directory, 'backups')).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });

  it('never fill a disk', async () => {
    await assertSpace([{ directory, bytes: 1 }]);
    const refused = assertSpace([
      { directory, bytes: 2 ** 49 },
      { directory, bytes: 2 ** 49 },
    ]);
    await expect(refused).rejects.toBeInstanceOf(Unavailable);
    await expect(refused).rejects.toThrow(/^A backup takes about 1073741824 MB in .*Free some space, .*BACKUP_DIR to another disk\.$/);
  });
});

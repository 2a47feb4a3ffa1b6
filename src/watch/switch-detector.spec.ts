import { mkdtempSync, rmSync, watch } from 'node:fs';
import { appendFile, copyFile, readdir, readFile, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { Catalog } from '#catalog';
import { DatabaseCorrupt } from '#database';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreCheck } from '../db-connection/store-check.service.js';
import { StoreFaults } from '../db-connection/store-faults.service.js';
import { StoreFiles } from '../db-connection/store-files.service.js';
import { Switches } from '../db-connection/switches.service.js';
import { SwitchDetector } from './switch-detector.service.js';
import { WatchModule } from './watch.module.js';

let directory: string;
let memories: string;
let module: TestingModule;
let detector: SwitchDetector;

/** Three people have memories, which are closed. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'switch-detector-'));
  memories = join(directory, 'memory');
  await start();
  for (const name of ['ada', 'ben', 'cy']) {
    const { userId } = await module.get(CatalogService).users.resolve({ issuer: 'shared-secret', name });
    await module.get(DbConnectionService).lendOf(userId, () => Promise.resolve());
  }
  await module.close();
  await start();
});

afterEach(async () => {
  await module.close();
  rmSync(directory, { recursive: true });
});

/** By the clock it looks once an hour. */
async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const config = await readConfig({ DATA_DIR: directory, MEMORY_CHECK_SECONDS: '3600', ...env });
  module = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ScheduleModule.forRoot(), WatchModule] }).compile();
  module.useLogger(false);
  await module.init();
  detector = module.get(SwitchDetector);
}

/** Looks until nothing is under way any more. */
async function look(): Promise<string[]> {
  for (const deadline = Date.now() + 10_000; (await detector.look()) || !detector.idle;) {
    if (Date.now() > deadline) throw new Error('It does not come to rest.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return module
    .get(Switches)
    .current()
    .map(({ kind }) => kind);
}

async function files(): Promise<string[]> {
  const { items } = await module.get(CatalogService).stores.list({ limit: 10, after: null });
  return items.map(({ location }) => join(memories, location));
}

const opened = (): number => module.get(DbConnectionService).stats().opened;

describe('A look', () => {
  it('opens nothing that is as it was left', async () => {
    for (let times = 0; times < 5; times++) expect(await look()).toEqual([]);
    expect(opened()).toBe(0);
  });

  it('opens what looks changed, once, and lets go of it', async () => {
    const [file = ''] = await files();
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    for (let times = 0; times < 5; times++) expect(await look()).toEqual([]);
    expect(opened()).toBe(1);
    expect(module.get(DbConnectionService).stats().open).toBe(0);
  });

  it('misses every memory when their directory is gone, and finds them again', async () => {
    await rename(memories, `${memories}.aside`);
    expect(await look()).toEqual(['missing', 'missing', 'missing']);
    await rename(`${memories}.aside`, memories);
    expect(await look()).toEqual([]);
    expect(module.get(Switches).counts().get('missing')).toBe(3);
  });

  it('waits for a file that is still being written', async () => {
    const [file = ''] = await files();
    const content = await readFile(file);
    const copy = join(memories, 'copy.db');
    await writeFile(copy, content.subarray(0, 4_096));
    for (let at = 4_096; at < content.length; at += 16_384) {
      await detector.look();
      expect(module.get(Switches).current()).toEqual([]);
      await appendFile(copy, content.subarray(at, at + 16_384));
    }
    expect(await look()).toEqual(['second-file']);
  });

  it('tells of a file that was found earlier again when it has become another', async () => {
    const file = join(memories, 'some.db');
    await writeFile(file, 'nothing');
    expect(await look()).toEqual(['stray-file']);
    const [own = ''] = await files();
    await writeFile(file, await readFile(own));
    expect(await look()).toEqual(['second-file']);
    const [found] = module.get(Switches).current();
    expect(found?.reason).toMatch(/^The file some\.db .* another file of a person who has a memory\. .* Move it out/);
    expect(module.get(Switches).counts().get('stray-file')).toBe(1);
  });

  it('tells on of a second file of a person who was erased: it is nobody’s now, and has all of theirs', async () => {
    await look();
    const [own = ''] = await files();
    await copyFile(own, join(memories, 'copy.db'));
    expect(await look()).toEqual(['second-file']);
    const [store] = (await module.get(CatalogService).stores.list({ limit: 1, after: null })).items;
    const { erasures } = module.get(CatalogService);
    await rm(own);
    await erasures.forget(await erasures.begin(store?.userId ?? '', 'root'));
    // As whoever erases does.
    module.get(Switches).settle(({ storeId }) => storeId === store?.storeId);
    expect(await look()).toEqual(['stray-file']);
  });

  it('is not asked for by what the server itself does to see whether it can write there', async () => {
    await look();
    await writeFile(join(memories, '.ready'), '');
    expect(await detector.look()).toBe(false);
  });

  it('knows the catalog, also in a memory directory that is a link to the data directory', async () => {
    await module.close();
    await symlink(directory, join(directory, 'link'));
    await start({ VIOLENTUTF_MEMORY_DIR: join(directory, 'link') });
    expect(await look()).toEqual(['missing', 'missing', 'missing']);
  });

  it('that finds another file, which can be opened, ends what was told of the one before', async () => {
    const [store] = (await module.get(CatalogService).stores.list({ limit: 1, after: null })).items;
    if (!store) throw new Error('There are three.');
    const [file = ''] = await files();
    const faults = module.get(StoreFaults);
    faults.report(store, new DatabaseCorrupt(store.location, 'a block of it'), 'reading');
    expect(await look()).toEqual([]);
    expect(faults.current()).toHaveLength(1);
    await copyFile(file, join(directory, 'another.db'));
    await rename(join(directory, 'another.db'), file);
    expect(await look()).toEqual([]);
    expect(faults.current()).toEqual([]);
  });
});

describe('A file that got shorter', () => {
  it('is refused when nobody had it open since it was left, also over a restart', async () => {
    const [file = ''] = await files();
    await module.close();
    await truncate(file, (await stat(file)).size - 16_384);
    await start();
    expect(await look()).toEqual(['shrunk']);
  });

  it('is read as a whole from a copy that a crash does not leave for good', async () => {
    const [store] = (await module.get(CatalogService).stores.list({ limit: 1, after: null })).items;
    if (!store) throw new Error('There are three.');
    module.get(StoreFiles).doubt(store, 1);
    const made = new Set<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = watch(directory, (_event, name) => {
      if (name === 'end') resolve();
      else if (name && !name.startsWith('catalog.db')) made.add(name);
    });
    await module.get(StoreCheck).look(store);
    await writeFile(join(directory, 'end'), '');
    await promise;
    watcher.close();
    expect([...made]).toEqual(['looked-into']);
    await writeFile(join(directory, 'looked-into', 'left.db'), 'all that somebody has');
    await module.close();
    await start();
    expect(await readdir(directory)).not.toContain('looked-into');
  });

  it('may have become so by our own hand before a crash', async () => {
    await module.close();
    const catalog = await Catalog.open({ directory, file: 'catalog.db' }, { create: false });
    // What a crash leaves: marks of some time before, and nothing that says that all memories were closed.
    const marks = [...(await catalog.storeMarks.all())];
    const longer = marks.map(([id, mark]) => [id, mark.replace(/ (\d+) /, (_, bytes) => ` ${Number(bytes) + 16_384} `)] as const);
    await catalog.storeMarks.write(new Map([...longer, ['clean-end', 'no']]));
    await catalog.close();
    await start();
    expect(await look()).toEqual([]);
    expect([module.get(Switches).counts().get('shrunk'), opened()]).toEqual([0, 3]);
  });
});

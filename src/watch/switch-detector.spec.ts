import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, readFile, rename, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { Catalog } from '#catalog';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
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
async function start(): Promise<void> {
  const config = await readConfig({ DATA_DIR: directory, MEMORY_CHECK_SECONDS: '3600' });
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
});

describe('A file that got shorter', () => {
  it('is refused when nobody had it open since it was left, also over a restart', async () => {
    const [file = ''] = await files();
    await module.close();
    await truncate(file, (await stat(file)).size - 16_384);
    await start();
    expect(await look()).toEqual(['shrunk']);
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

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackupDto } from '../../src/backup/backup.dto.js';
import { backUp, backupDir, BACKUPS, foldersIn } from '../server/backups.js';
import { prompts } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';

const ENV = { ADMIN_USERS: 'root', BACKUP_EVERY_HOURS: '0', BACKUP_KEEP_LAST: '2', BACKUP_KEEP_DAILY: '0', BACKUP_KEEP_WEEKLY: '0' };
const MINUTES = 60_000;

let places: string;
let server: ServerProcess;
let root: Client;

beforeAll(async () => {
  places = mkdtempSync(join(tmpdir(), 'kept-'));
  server = await ServerProcess.start({ env: ENV });
  root = server.client('root');
  const lines = prompts(20_000).map((prompt) => prompt.repeat(4));
  await server.client('ada').dataset('large', lines);
}, MINUTES);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(places, { recursive: true });
});

/** All paths under the data directory that something unfinished is called. */
const drafts = (): string[] =>
  readdirSync(server.dataDir, { recursive: true })
    .map(String)
    .filter((path) => path.includes('draft'));

describe('A backup that is cut off when the server is killed', () => {
  it(
    'is recognised, never restored, and goes at the next start',
    async () => {
      const whole = await foldersIn(backupDir(server));
      await root.post(BACKUPS, {});
      const copying = (): boolean => drafts().some((path) => /memory.*\.copy-draft$/.test(path));
      for (const deadline = Date.now() + 20_000; !copying() && Date.now() < deadline;)
        await new Promise((resolve) => setTimeout(resolve, 1));
      expect(copying()).toBe(true);
      await server.kill();
      const [draft = ''] = (await foldersIn(backupDir(server))).filter((name) => name.endsWith('.draft'));
      const refused = await server.run('restore', '--from', join(backupDir(server), draft), '--to', join(places, 'never'));
      expect(refused).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/draft is incomplete and is not restored: it was cut off/),
      });
      expect(existsSync(join(places, 'never'))).toBe(false);
      await server.boot();
      expect([drafts(), await foldersIn(backupDir(server))]).toEqual([[], whole]);
      expect(server.log.some((line) => line.includes(draft) && line.includes('were cut off'))).toBe(true);
      expect((await root.all<BackupDto>(BACKUPS)).map(({ state }) => state)).not.toContain('running');
    },
    MINUTES,
  );
});

describe('A restore that is cut off', () => {
  it(
    'leaves a draft and no server, and is done again',
    async () => {
      const keys = join(places, 'keys');
      await server.run('backup', 'keys', '--to', keys);
      const { folder } = await backUp(root);
      const place = join(places, 'again');
      const given = ['--from', join(backupDir(server), folder ?? ''), '--to', place, '--keys', keys];
      const cut = server.begin('restore', ...given);
      while (!existsSync(`${place}.restoring/catalog.db`)) await new Promise((resolve) => setTimeout(resolve, 1));
      cut.kill();
      await cut.ended;
      expect([existsSync(`${place}.restoring`), existsSync(place)]).toEqual([true, false]);
      expect(await server.run('restore', ...given)).toMatchObject({ exitCode: 0, stderr: '' });
      expect([existsSync(`${place}.restoring`), existsSync(join(place, 'catalog.db'))]).toEqual([false, true]);
    },
    MINUTES,
  );
});

describe('What is kept', () => {
  it('are the newest ones, and whatever is not ours', async () => {
    const directory = backupDir(server);
    for (const foreign of ['notes', '20200101T000000Z-00000000']) mkdirSync(join(directory, foreign));
    const before = (await foldersIn(directory)).length;
    expect(before).toBeGreaterThan(2);
    const made: string[] = [];
    for (let count = 0; count < 3; count++) made.push((await backUp(root)).folder ?? '');
    expect(await foldersIn(directory)).toEqual(['20200101T000000Z-00000000', ...made.slice(1).sort(), 'notes']);
    const listed = await root.all<BackupDto>(BACKUPS);
    expect(listed.map(({ state }) => state).sort()).toEqual(['completed', 'completed', 'incomplete']);
    expect((await root.all<BackupDto>(BACKUPS, 1)).map(({ id }) => id)).toEqual(listed.map(({ id }) => id));
  });
});

describe('npm run backup', () => {
  it(
    'backs up a server that is stopped, and says to a running one’s operator what to do',
    async () => {
      const running = await server.run('backup', 'create');
      expect(running).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^The process \d+ runs on .*POST \/api\/v2\/backups/) });
      await server.stop();
      const made = await server.run('backup', 'create');
      expect(made).toMatchObject({ exitCode: 0, stderr: '' });
      const [folder = ''] = made.stdout.split('\n');
      const name = basename(folder);
      expect((await server.run('backup', 'list')).stdout).toMatch(new RegExp(`^BACKUP .*\\n${name} +whole +everybody +2 `));
      expect(await server.run('backup', 'verify', name)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/is whole: 2 files/) });
    },
    MINUTES,
  );

  it('makes no installation where there is none', async () => {
    await using nobodys = await ServerProcess.idle();
    const keys = await nobodys.run('backup', 'keys', '--to', join(places, 'none'));
    expect(keys).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/There is no installation in/) });
    expect(existsSync(nobodys.dataDir)).toBe(false);
  });
});

describe('By itself', () => {
  it(
    'a server makes one when it is due, where it is told to',
    async () => {
      const elsewhere = join(places, 'elsewhere');
      const before = await foldersIn(backupDir(server));
      if (server.running) await server.stop();
      await server.boot({ ...ENV, BACKUP_EVERY_HOURS: '0.0001', BACKUP_DIR: elsewhere });
      const made = async (): Promise<number> => (await root.all<BackupDto>(BACKUPS)).filter(({ state }) => state === 'completed').length;
      for (const deadline = Date.now() + 30_000; (await made()) < 2 && Date.now() < deadline;)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await made()).toBeGreaterThanOrEqual(2);
      expect((await foldersIn(elsewhere)).length).toBeGreaterThanOrEqual(2);
      expect(await foldersIn(backupDir(server))).toEqual(before);
    },
    MINUTES,
  );
});

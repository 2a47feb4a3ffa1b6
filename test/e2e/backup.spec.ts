import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackupDto, VerificationDto } from '../../src/backup/backup.dto.js';
import { backUp, backupDir, backupEnded, BACKUPS } from '../server/backups.js';
import { answering, expectSum, expectWhole, prepare, prompts, settled, slowly } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess, type CommandResult } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

/** More by hand: `BACKUP_PROMPTS=10000`. */
const PROMPTS = Number(process.env['BACKUP_PROMPTS'] ?? 1_000);
const DONE = 60;
const API_KEY = 'sk-of-the-target-0123456789-wxyz';
const ENV = { ADMIN_USERS: 'root', BACKUP_EVERY_HOURS: '0' };
const MINUTES = 60_000;

let places: string;
let server: ServerProcess;
let target: OpenAiTarget;
let root: Client;
let ada: Client;
/** Of ada: one that has ended, and the orchestrator it is of. */
let doneId: string;
let orchestratorId: string;
let keys: string;

beforeAll(async () => {
  places = mkdtempSync(join(tmpdir(), 'restored-'));
  target = await OpenAiTarget.start();
  server = await ServerProcess.start({ env: ENV });
  [root, ada] = [server.client('root'), server.client('ada')];
  await root.get('/api/v2/me');
  await server.client('bob').create('converters', 'of bob', 'rot13');
  target.behave = answering;
  orchestratorId = await prepare(ada, target);
  await ada.dataset('kept', prompts(300));
  ({ id: doneId } = await ada.execute(orchestratorId, { prompts: prompts(DONE) }));
  await ada.ended(doneId);
  keys = join(places, 'keys');
  expect(await server.run('backup', 'keys', '--to', keys)).toMatchObject({ exitCode: 0, stderr: '' });
}, MINUTES);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  rmSync(places, { recursive: true });
});

const folderOf = ({ folder }: BackupDto): string => join(backupDir(server), folder ?? '');

const restore = (from: string, to: string, ...more: string[]): Promise<CommandResult> =>
  server.run('restore', '--from', from, '--to', join(places, to), ...more);

/** All that a person can read of what has come to its end. */
async function everything(client: Client): Promise<unknown> {
  const lists = ['generators', 'scorers', 'orchestrators', 'converters', 'datasets', `executions/${doneId}/items`];
  const { store, ...me } = await client.get<{ store: { storeId: string } }>('/api/v2/me');
  const results = await client.results(doneId);
  const conversations = results.slice(0, 5).map(({ conversationId }) => client.get(`/api/v2/memory/conversations/${conversationId}`));
  const [dataset] = await client.all<{ id: string }>('/api/v2/datasets');
  return [
    me,
    store.storeId,
    await client.execution(doneId),
    results,
    await Promise.all(conversations),
    await client.all(`/api/v2/datasets/${dataset?.id ?? ''}/prompts`),
    ...(await Promise.all(lists.map((list) => client.all(`/api/v2/${list}`)))),
  ];
}

describe('A backup that is made during a campaign', () => {
  it('is restored to a server that serves the same answers, and whose coverage sums', async () => {
    const sealed = await ada.generator('sealed', target.baseUrl, { apiKey: API_KEY });
    target.behave = slowly;
    const sent = prompts(PROMPTS);
    const { id } = await ada.execute(orchestratorId, { prompts: sent });
    const before = settled(await ada.until(id, (execution) => settled(execution) > PROMPTS / 10));
    const began = Date.now();
    const begun = await root.post<BackupDto>(BACKUPS, {});
    expect(begun).toMatchObject({ state: 'running', failure: null, folder: null, userId: null });
    expectProblem(await root.ask('POST', BACKUPS), 409, 'conflict');
    expectProblem(await root.ask('DELETE', `${BACKUPS}/${begun.id}`), 409, 'conflict');
    const backup = await backupEnded(root, begun.id);
    const tookMs = Date.now() - began;
    const during = await ada.execution(id);
    expect(during.state).toBe('running');
    expect(backup).toMatchObject({ state: 'completed', memories: 2, memoriesDone: 2, skipped: [], failure: null });
    expect(backup.files.map(({ kind }) => kind)).toEqual(['catalog', 'memory', 'memory']);
    expect(backup.bytes).toBe(backup.files.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(await root.post<VerificationDto>(`${BACKUPS}/${begun.id}/verify`, undefined)).toEqual({ verdict: 'whole', faults: [] });

    const { exitCode, stdout, stderr } = await restore(folderOf(backup), 'second', '--keys', keys);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/2 memories, [\d,]+ rows, all of them read\.\n1 execution is paused/);
    // Beside the original, which goes on.
    await using second = await ServerProcess.start({ dataDir: join(places, 'second'), env: ENV });
    const adaThere = second.client('ada');
    expect(await everything(adaThere)).toEqual(await everything(ada));
    const there = await adaThere.execution(id);
    expect(there.state).toBe('paused');
    expectSum(there.coverage, PROMPTS);
    expect(settled(there)).toBeGreaterThanOrEqual(before);
    expect(settled(there)).toBeLessThanOrEqual(settled(during));
    expect((await ada.ended(id)).state).toBe('completed');
    expectWhole(await ada.results(id), sent);

    target.behave = answering;
    await adaThere.post(`/api/v2/executions/${id}/resume`, {});
    const ended = await adaThere.ended(id);
    expect(ended).toMatchObject({ state: 'completed', coverage: { scored: PROMPTS } });
    expectSum(ended.coverage, PROMPTS);
    expectWhole(await adaThere.results(id), sent);

    let authorization: unknown = null;
    target.behave = (request) => {
      authorization = request.headers.authorization;
      return {};
    };
    await adaThere.post(`/api/v2/generators/${sealed}/test`, { prompt: 'Hello.' });
    expect(authorization).toBe(`Bearer ${API_KEY}`);
    expect(second.log.filter((line) => /switch|StoreSwitched/.test(line))).toEqual([]);
    if (process.env['BACKUP_PROMPTS'] !== undefined)
      process.stderr.write(
        `${JSON.stringify({ PROMPTS, tookMs, bytes: backup.bytes, settled: [before, settled(there), settled(during)] })}\n`,
      );
  }, 600_000);

  it('holds no secret, and is for the user of the server alone', async () => {
    const backup = await backUp(root);
    const secrets = ['salt', 'encryption-key', 'jwt-secret'].map((name) => readFileSync(join(keys, name)));
    secrets.push(Buffer.from(secrets[1]?.toString() ?? '', 'base64'), Buffer.from(API_KEY));
    expect(secrets.map(({ length }) => length > 16)).toEqual([true, true, true, true, true]);
    for (const file of readdirSync(folderOf(backup), { recursive: true, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      expect(statSync(path).mode & 0o077).toBe(0);
      if (file.isFile()) for (const secret of secrets) expect([path, readFileSync(path).includes(secret)]).toEqual([path, false]);
    }
    expect(server.log.filter((line) => line.includes('Prompt 1'))).toEqual([]);
  });

  it(
    'goes on by itself when that is wanted',
    async () => {
      target.behave = (request) => ({ ...answering(request), delayMs: 100 });
      const { id } = await ada.execute(orchestratorId, { prompts: prompts(300) });
      await ada.until(id, (execution) => settled(execution) > 10);
      const backup = await backUp(root);
      target.behave = answering;
      expect((await restore(folderOf(backup), 'resumed', '--keys', keys, '--resume')).stdout).toMatch(/1 execution goes on when/);
      await using resumed = await ServerProcess.start({ dataDir: join(places, 'resumed'), env: ENV });
      const ended = await resumed.client('ada').ended(id);
      expect(ended.state).toBe('completed');
      expectSum(ended.coverage, 300);
      await ada.ended(id);
    },
    MINUTES,
  );
});

describe('A backup of one person', () => {
  it(
    'holds their memory alone, and is restored without a catalog',
    async () => {
      const { userId } = await ada.get<{ userId: string }>('/api/v2/me');
      const backup = await backUp(root, { userId });
      expect(backup).toMatchObject({ state: 'completed', userId, files: [{ kind: 'memory', userId }] });
      expect((await restore(folderOf(backup), 'alone', '--keys', keys)).exitCode).toBe(0);
      await using alone = await ServerProcess.start({ dataDir: join(places, 'alone'), env: ENV });
      expect(await alone.client('ada').results(doneId)).toEqual(await ada.results(doneId));
      expect((await alone.client('ada').get<{ userId: string }>('/api/v2/me')).userId).toBe(userId);
      expect(await alone.client('bob').all('/api/v2/converters')).toEqual([]);
      await root.delete(`${BACKUPS}/${backup.id}`);
      expectProblem(await root.ask('GET', `${BACKUPS}/${backup.id}`), 404, 'not-found');
      expectProblem(await root.ask('POST', BACKUPS, { body: { userId: '01890a5d-ac96-774b-bcce-b302099a8057' } }), 404, 'not-found');
    },
    MINUTES,
  );
});

import { copyFile, link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RescueDto } from '../../src/rescue/rescue.dto.js';
import { expectSum, expectWhole, prepare, prompts, settled, slowly } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const RESCUES = '/api/v2/migration/rescues';
const ENV = { ADMIN_USERS: 'root', MEMORY_CHECK_SECONDS: '0.1', ORCHESTRATOR_POOL_SIZE: '5' };
const MINUTE = 60_000;

let server: ServerProcess;
let target: OpenAiTarget;
let root: Client;
let victim: Client;
let neighbour: Client;
let files: { readonly victim: string; readonly neighbour: string };
/** An execution of the victim that has come to its end. */
let executionId: string;
let people = 0;

beforeAll(async () => {
  target = await OpenAiTarget.start();
  server = await ServerProcess.start({ env: ENV });
  root = server.client('root');
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

/** Two new people, each with something of their own; the neighbour makes requests all the time. */
beforeEach(async () => {
  if (!server.running) await server.boot(ENV);
  people += 1;
  victim = server.client(`victim-${people}`);
  neighbour = server.client(`neighbour-${people}`);
  target.behave = slowly;
  await neighbour.create('converters', 'of the neighbour', 'rot13');
  const orchestratorId = await prepare(victim, target);
  ({ id: executionId } = await victim.execute(orchestratorId, { prompts: prompts(60) }));
  expect((await victim.ended(executionId)).state).toBe('completed');
  files = { victim: await locationOf(victim), neighbour: await locationOf(neighbour) };
}, MINUTE);

afterEach(() => {
  expect(server.log.filter((line) => line.includes('Prompt 1'))).toEqual([]);
});

async function locationOf(client: Client): Promise<string> {
  const { store } = await client.get<{ store: { location: string } }>('/api/v2/me');
  return store.location;
}

/** All that the victim can read of their campaign. */
async function everything(): Promise<unknown> {
  const lists = ['generators', 'scorers', 'orchestrators', 'memory/messages', 'memory/scores', `executions/${executionId}/items`];
  const { coverage, state } = await victim.execution(executionId);
  expectSum(coverage, 60);
  return [state, coverage, await victim.results(executionId), ...(await Promise.all(lists.map((list) => victim.all(`/api/v2/${list}`))))];
}

async function rescues(): Promise<RescueDto[]> {
  const { items } = await root.get<{ items: RescueDto[] }>(RESCUES);
  return items.filter(({ place }) => place === basename(files.victim));
}

/** Waits until the newest rescue of the victim's memory is as wanted. */
async function rescued(state: RescueDto['state'] = 'quarantined', count = 1): Promise<RescueDto> {
  for (const deadline = Date.now() + MINUTE; ;) {
    const found = await rescues();
    const [newest] = found;
    if (found.length === count && newest?.state === state) return newest;
    if (Date.now() > deadline) throw new Error(`It is not ${state}: ${JSON.stringify(found)}\n${server.log.slice(-20).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const putBack = ({ id }: Pick<RescueDto, 'id'>): Promise<RescueDto> => root.post(`${RESCUES}/${id}/put-back`, undefined);

/** Runs `fn` while the neighbour reads and writes, and asserts that no request of theirs failed. */
async function whileOthersWork<T>(fn: () => Promise<T>): Promise<T> {
  const enough = new AbortController();
  let requests = 0;
  const working = (async () => {
    for (; !enough.signal.aborted; requests += 2) {
      expect((await neighbour.ask('GET', '/api/v2/converters')).status).toBe(200);
      const name = `of the neighbour, ${requests}`;
      expect((await neighbour.ask('POST', '/api/v2/converters', { body: { name, type: 'hex' } })).status).toBe(201);
    }
  })();
  try {
    return await fn();
  } finally {
    enough.abort();
    await working;
    expect(requests).toBeGreaterThan(1);
  }
}

async function expectRefused(): Promise<void> {
  for (const answer of [
    await victim.ask('GET', '/api/v2/executions'),
    await victim.ask('POST', '/api/v2/converters', { body: { name: 'lost', type: 'base64' } }),
  ]) {
    expectProblem(answer, 503, 'store-switched');
    expect(answer.problem?.detail).toMatch(/brought to safety; an administrator has to put it back/);
    expect(answer.problem?.detail).not.toMatch(/\/|\.db/);
  }
}

describe('A memory whose file is deleted under the running server', () => {
  for (const kept of ['in its log alone', 'in its file', 'in a log that was deleted too']) {
    it(`is brought to safety, and put back with every row: what was ${kept}`, async () => {
      if (kept === 'in its file') await server.restart();
      const before = await everything();
      if (kept === 'in its file') expect((await stat(files.victim)).size).toBeGreaterThan(200_000);
      else expect((await stat(`${files.victim}.wal`)).size).toBeGreaterThan(50_000);
      await whileOthersWork(async () => {
        await rm(files.victim);
        if (kept === 'in a log that was deleted too') await rm(`${files.victim}.wal`);
        const rescue = await rescued();
        expect(rescue).toMatchObject({ reason: 'deleted', state: 'quarantined', putBackAt: null, place: basename(files.victim) });
        await expectRefused();
        const quarantine = join(server.dataDir, 'quarantine');
        const copy = await stat(join(quarantine, rescue.file));
        expect([copy.size, copy.mode & 0o777, (await stat(quarantine)).mode & 0o777]).toEqual([rescue.bytes, 0o600, 0o700]);
        expect(rescue.file).toMatch(new RegExp(`^\\d{8}T\\d{9}Z-${rescue.storeId}\\.db$`));
        expect((await readdir(server.memoryDir)).filter((file) => file.startsWith(basename(files.victim)))).toEqual([]);

        const back = await putBack(rescue);
        expect(back).toMatchObject({ id: rescue.id, state: 'put-back', bytes: rescue.bytes, putBackAt: expect.any(String) });
        expect(await putBack(rescue)).toEqual(back);
        expect(await everything()).toEqual(before);
        expect(await rescues()).toEqual([back]);
      });
      await victim.create('converters', 'afterwards', 'base64');
      expect(server.log.filter((line) => line.includes('"a memory was brought to safety'))).not.toEqual([]);
    }, 60_000);
  }

  it('goes on with what was under way when it is put back, and every prompt is accounted for', async () => {
    const [{ id: orchestratorId } = { id: '' }] = await victim.all<{ id: string }>('/api/v2/orchestrators');
    const sent = prompts(400);
    const { id } = await victim.execute(orchestratorId, { prompts: sent, onUnknownOutcome: 'resend' });
    await victim.until(id, (execution) => settled(execution) > 40);
    await rm(files.victim);
    const rescue = await rescued();
    await expectRefused();
    await putBack(rescue);
    const present = await victim.execution(id);
    expectSum(present.coverage, 400);
    expect(settled(present)).toBeGreaterThan(40);
    const execution = await victim.ended(id);
    expect(execution.state).toBe('completed');
    expectSum(execution.coverage, 400);
    expectWhole(await victim.results(id), sent);
  }, 120_000);

  it('is rescued when the server ends, and stays refused after a start, until it is put back; then an execution goes on', async () => {
    const [{ id: orchestratorId } = { id: '' }] = await victim.all<{ id: string }>('/api/v2/orchestrators');
    const { id } = await victim.execute(orchestratorId, { prompts: prompts(300), onUnknownOutcome: 'resend' });
    const older = join(server.dataDir, 'older.db');
    await victim.until(id, (execution) => settled(execution) > 20);
    await server.restart({ ...ENV, MEMORY_CHECK_SECONDS: '3600', SHUTDOWN_DRAIN_SECONDS: '0' });
    await copyFile(files.victim, older);
    await victim.until(id, (execution) => settled(execution) > 40);
    const { coverage } = await victim.execution(id);
    await rm(files.victim);
    expect(await server.stop()).toBe(0);
    // An older file of the same memory, as somebody would restore it, is not what its person has written.
    await rename(older, files.victim);
    await server.boot(ENV);
    const rescue = await rescued();
    await expectRefused();
    const conflict = await root.ask('POST', `${RESCUES}/${rescue.id}/put-back`);
    expectProblem(conflict, 409, 'conflict');
    expect(conflict.problem?.detail).toContain(files.victim);
    await rm(files.victim);
    await putBack(rescue);
    const present = await victim.execution(id);
    expect(settled(present)).toBeGreaterThanOrEqual(coverage.planned - coverage.open);
    const execution = await victim.ended(id);
    expect(execution.state).toBe('completed');
    expectSum(execution.coverage, 300);
    expectWhole(await victim.results(id), prompts(300));
  }, 120_000);

  it('waits where it is while there is no place for the copy', async () => {
    const before = await everything();
    const quarantine = join(server.dataDir, 'quarantine');
    await rename(quarantine, `${quarantine}.aside`);
    await rm(files.victim);
    await rescued('rescuing');
    const answer = await victim.ask('GET', '/api/v2/executions');
    expectProblem(answer, 503, 'store-switched');
    const [waiting = { id: '' }] = await rescues();
    expectProblem(await root.ask('POST', `${RESCUES}/${waiting.id}/put-back`), 409, 'conflict');
    await rename(`${quarantine}.aside`, quarantine);
    await putBack(await rescued());
    expect(await everything()).toEqual(before);
  }, 60_000);
});

describe("A memory over which another person's is put", () => {
  for (const how of ['cp', 'mv'] as const) {
    it(`with ${how} is brought to safety; theirs is not touched, and the right one is put back when it is moved away`, async () => {
      const before = await everything();
      // What is still at hand in the engine outlives being written over, and what has another place is read there.
      if (how === 'mv') await server.restart();
      await victim.execution(executionId);
      const foreign = join(server.dataDir, 'foreign.db');
      await copyFile(files.neighbour, foreign);
      const bytes = await readFile(foreign);
      const rescue = await whileOthersWork(async () => {
        if (how === 'cp') await copyFile(foreign, files.victim);
        else await rename(foreign, files.victim);
        return rescued();
      });
      expect(rescue.reason).toBe(how === 'cp' ? 'overwritten' : 'replaced');
      await expectRefused();
      expect((await readFile(files.victim)).equals(bytes)).toBe(true);
      const conflict = await root.ask('POST', `${RESCUES}/${rescue.id}/put-back`);
      expectProblem(conflict, 409, 'conflict');
      expect(conflict.problem?.detail).toContain(files.victim);
      await rename(files.victim, `${files.victim}.foreign`);
      expect(await putBack(rescue)).toMatchObject({ state: 'put-back' });
      expect(await everything()).toEqual(before);
      expect(await neighbour.all<{ name: string }>('/api/v2/converters')).toContainEqual(
        expect.objectContaining({ name: 'of the neighbour' }),
      );
    }, 60_000);
  }
});

describe('A memory over which something is written while the engine has not read it', () => {
  it('is lost, which is told; what was written over it is refused, and not touched', async () => {
    await server.restart();
    await victim.get('/api/v2/me');
    const foreign = await readFile(files.neighbour);
    await whileOthersWork(async () => {
      await writeFile(files.victim, foreign);
      expect(await rescued('lost')).toMatchObject({ reason: 'overwritten', bytes: null });
    });
    const answer = await victim.ask('GET', '/api/v2/executions');
    expectProblem(answer, 503, 'store-switched');
    expect(answer.problem?.detail).toMatch(/is not the one that the catalog names/);
    expect(server.log.filter((line) => line.includes('is lost: restore a backup'))).toHaveLength(1);
    expect((await readFile(files.victim)).equals(foreign)).toBe(true);
  }, 60_000);
});

describe('Putting a memory back', () => {
  it('is finished after a crash between its steps', async () => {
    const before = await everything();
    for (const [turn, crash] of [link, copyFile].entries()) {
      await rm(files.victim);
      const rescue = await rescued('quarantined', turn + 1);
      const copy = join(server.dataDir, 'quarantine', rescue.file);
      await server.kill();
      const note = JSON.parse(await readFile(`${copy}.json`, 'utf8')) as object;
      await writeFile(`${copy}.json`, JSON.stringify({ ...note, putBackAt: '2026-01-02T03:04:05.678Z' }));
      await crash(copy, files.victim);
      await server.boot(ENV);
      await expectRefused();
      expect(await rescued('quarantined', turn + 1)).toMatchObject({ putBackAt: null });
      expect(await putBack(rescue)).toMatchObject({ state: 'put-back' });
      expect((await stat(files.victim)).nlink).toBe(1);
      expect(await everything()).toEqual(before);
    }
  }, 60_000);

  it("is refused when the copy is another person's, or is not there any more", async () => {
    await rm(files.victim);
    const rescue = await rescued();
    const copy = join(server.dataDir, 'quarantine', rescue.file);
    await rename(copy, `${copy}.aside`);
    expect(await rescued('lost')).toMatchObject({ id: rescue.id });
    expectProblem(await root.ask('POST', `${RESCUES}/${rescue.id}/put-back`), 409, 'conflict');
    await server.restart();
    await copyFile(files.neighbour, copy);
    expectProblem(await root.ask('POST', `${RESCUES}/${rescue.id}/put-back`), 409, 'conflict');
    expect((await readdir(server.memoryDir)).includes(basename(files.victim))).toBe(false);
    await rm(copy);
    await rename(`${copy}.aside`, copy);
    await putBack(rescue);
    expectSum((await victim.execution(executionId)).coverage, 60);
  }, 60_000);

  it('is for administrators, and for what there is', async () => {
    await rm(files.victim);
    const { id } = await rescued();
    for (const client of [victim, neighbour]) {
      expectProblem(await client.ask('GET', RESCUES), 403, 'missing-role');
      expectProblem(await client.ask('POST', `${RESCUES}/${id}/put-back`), 403, 'missing-role');
    }
    for (const none of ['01890000-0000-7000-8000-00000000000a', '..%2F..%2Fcatalog', 'x'])
      expectProblem(await root.ask('POST', `${RESCUES}/${none}/put-back`), 404, 'not-found');
    expect(await rescues()).toMatchObject([{ id, state: 'quarantined' }]);
  }, 60_000);

  it('is possible when all the memories went away, with their folder', async () => {
    const before = await everything();
    await rm(server.memoryDir, { recursive: true });
    const rescue = await rescued();
    await putBack(rescue);
    expect(await everything()).toEqual(before);
    const others = (await root.get<{ items: RescueDto[] }>(RESCUES)).items.filter(({ state }) => state === 'quarantined');
    for (const other of others) await putBack(other);
    expect(await neighbour.all('/api/v2/converters')).toHaveLength(1);
    expect((await stat(server.memoryDir)).mode & 0o777).toBe(0o700);
  }, 60_000);
});

import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServerProcess } from '../server/server-process.js';

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ env: { HOST: '0.0.0.0', ADMIN_USERS: 'root' } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** The value of a metric, with its labels as they are written. */
async function metric(name: string): Promise<number> {
  const { status, headers, text } = await server.clientWith({}).ask('GET', '/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

describe('Metrics and health of compiled orchestrators', () => {
  it('tell what the pool tells, and no user', async () => {
    const client = server.client('measured');
    const generatorId = await client.create('generators', 'echo', 'echo');
    const { id } = await client.execute(await client.orchestrator('one', { generatorId }), { prompts: ['Hello.'] });
    await client.ended(id);
    const pool = await client.get<Record<string, number>>('/api/v2/orchestrator-pool');
    expect(pool['totalInstances']).toBe(1);
    expect(await metric('violentutf_orchestrator_pool_hits_total')).toBe(pool['hits']);
    expect(await metric('violentutf_orchestrator_pool_misses_total')).toBe(pool['misses']);
    expect(await metric('violentutf_orchestrator_pool_disposal_errors_total')).toBe(0);
    expect(await metric('violentutf_orchestrator_pool_max_instances')).toBe(20);
    const [idle, used] = [
      await metric('violentutf_orchestrator_pool_instances{state="idle"}'),
      await metric('violentutf_orchestrator_pool_instances{state="in_use"}'),
    ];
    expect(idle + used).toBe(1);
    expect(await metric('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect((await server.clientWith({}).ask('GET', '/metrics')).text).not.toMatch(/measured/);
    const health = await server.client('root').ask('GET', '/health/orchestrators');
    expect(health.json).toMatchObject({
      status: 'ok',
      details: { 'orchestrator-pool': { status: 'up', totalInstances: 1, maxInstances: 20 } },
    });
    const stranger = await server.client('stranger').ask('GET', '/health/orchestrators');
    expect(stranger.json).toMatchObject({ details: { 'orchestrator-pool': { totalInstances: 0 } } });
  });

  it('are for this machine, and for people with a token: not for a proxy, another name, or another machine', async () => {
    const ask = async (headers: Record<string, string>) => (await server.clientWith(headers).ask('GET', '/metrics')).status;
    expect(await ask({})).toBe(200);
    expect(await ask({ 'x-forwarded-for': '203.0.113.5' })).toBe(401);
    expect(await ask({ forwarded: 'for=203.0.113.5' })).toBe(401);
    const elsewhere = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (elsewhere !== undefined) {
      const url = server.url.replace(/\/\/[^:]+/, `//${elsewhere}`);
      expect((await fetch(`${url}/metrics`)).status).toBe(401);
    }
    expect((await server.client('measured').ask('GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.5' } })).status).toBe(200);
  });
});

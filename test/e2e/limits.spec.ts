import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../server/client.js';
import { prompts } from '../server/campaign.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget, type Behaviour, type TargetRequest } from '../targets/openai-target.js';

/** What the operator of this server allows at one endpoint. */
const MOST = 20;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ env: { OUTBOUND_MAX_IN_FLIGHT: String(MOST) } });
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** An orchestrator that scores what comes back. @returns its id. */
async function prepare(client: Client, baseUrl: string, limits: object): Promise<string> {
  const generatorId = await client.generator('target', baseUrl, limits);
  const scorerIds = [await client.create('scorers', 'said it', 'substring', { substring: 'Prompt' })];
  return client.orchestrator('campaign', { generatorId, scorerIds });
}

/** How many requests were on the wire at each request, for targets that mind. */
function counting(behave: (request: TargetRequest, inFlight: number) => Behaviour, answerMs: number) {
  const ends: number[] = [];
  return (request: TargetRequest): Behaviour => {
    const now = performance.now();
    while ((ends[0] ?? Infinity) <= now) ends.shift();
    const behaviour = behave(request, ends.length);
    if (behaviour.status === undefined) ends.push(now + answerMs);
    return behaviour;
  };
}

/** A target that refuses what is more than so many in a second; a tenth of that may come at once. */
function perSecond(most: number): () => Behaviour {
  const burst = Math.max(1, most / 10);
  let level = burst;
  let at = performance.now();
  return () => {
    const now = performance.now();
    level = Math.min(burst, level + ((now - at) * most) / 1_000);
    at = now;
    if (level < 1) return { status: 429 };
    level -= 1;
    return {};
  };
}

describe('An endpoint that refuses half of what it is offered', () => {
  it.each([
    ['by what it does at once', counting((_, inFlight) => (inFlight >= MOST / 2 ? { status: 429 } : { delayMs: 20 }), 20)],
    ['by what it does in a second', perSecond(150)],
  ])(
    '%s is sent little more than it takes, and answers everything',
    async (what, behave) => {
      await using target = await OpenAiTarget.start(behave);
      const client = server.client(`patient ${what}`);
      const { id } = await client.execute(await prepare(client, target.baseUrl, { maxInFlight: MOST }), { prompts: prompts(600) });
      expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 600, scored: 600, errored: 0 } });
      expect(target.requests).toBeGreaterThan(600);
      expect(target.requests).toBeLessThanOrEqual(1.6 * 600);
    },
    60_000,
  );
});

describe('An endpoint that is down', () => {
  it('is waited for: nothing is errored, and little is sent until it is back', async () => {
    let isUp = true;
    let refused = 0;
    await using target = await OpenAiTarget.start(() => {
      if (isUp) return { delayMs: 5 };
      refused += 1;
      return { cut: 'before' };
    });
    const client = server.client('waiting');
    const { id } = await client.execute(await prepare(client, target.baseUrl, { maxInFlight: 10 }), { prompts: prompts(800) });
    await client.until(id, ({ coverage }) => coverage.scored > 50);
    isUp = false;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const before = await client.execution(id);
    expect(before).toMatchObject({ state: 'running', coverage: { errored: 0 } });
    // It is either left alone, or being tried.
    expect(before.endpoint).toMatchObject({ breaker: expect.stringMatching(/open/), retryAt: expect.stringMatching(/Z$/) });
    expect(before.endpoint?.waiting).toBeGreaterThan(0);
    expect(before.coverage.open).toBeGreaterThan(0);
    // What was on the wire, as many again until the breaker opened, and a few probes.
    expect(refused).toBeLessThan(40);
    isUp = true;
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 800, scored: 800, errored: 0 } });
  }, 60_000);

  it('is told for the few prompts that were sent to it', async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => listener.close(resolve));
    const client = server.client('curious');
    const generatorId = await client.generator('nobody', `http://127.0.0.1:${port}/v1`);
    const orchestratorId = await client.orchestrator('curious', { generatorId, maxRetries: 2 });
    const { id } = await client.execute(orchestratorId, { prompts: prompts(4) });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 4, errored: 4 } });
    expect((await client.results(id)).map(({ attempts }) => attempts)).toEqual([3, 3, 3, 3]);
  }, 60_000);
});

describe('Users of one endpoint', () => {
  it('take turns: twenty prompts do not wait for the ten thousand of somebody else', async () => {
    await using target = await OpenAiTarget.start({ delayMs: 2 });
    const [greedy, modest] = [server.client('greedy'), server.client('modest')];
    const [first, second] = await Promise.all([greedy, modest].map((client) => prepare(client, target.baseUrl, { maxInFlight: MOST })));
    const datasetId = await greedy.dataset('many', prompts(10_000));
    const began = performance.now();
    const { id } = await greedy.execute(first ?? '', { datasetId });
    await greedy.until(id, ({ coverage }) => coverage.scored > 500);
    const between = performance.now();
    const few = await modest.execute(second ?? '', { prompts: prompts(20) });
    expect(await modest.ended(few.id)).toMatchObject({ coverage: { scored: 20 } });
    const modestMs = performance.now() - between;
    expect(await greedy.ended(id)).toMatchObject({ coverage: { scored: 10_000 } });
    expect(modestMs / (performance.now() - began)).toBeLessThan(0.1);
    expect(target.maxInFlight).toBeLessThanOrEqual(MOST);
  }, 60_000);

  it('have limits of their own in a minute, and keep them', async () => {
    const sent: { at: number; content: string }[] = [];
    await using target = await OpenAiTarget.start(({ content }) => {
      sent.push({ at: performance.now(), content });
      return {};
    });
    const [careful, free] = [server.client('careful'), server.client('free')];
    const slow = await prepare(careful, target.baseUrl, { maxInFlight: 10, requestsPerMinute: 300 });
    const fast = await prepare(free, target.baseUrl, { maxInFlight: 10 });
    const { id } = await careful.execute(slow, { prompts: prompts(30) });
    const other = await free.execute(fast, { prompts: Array.from({ length: 100 }, (_, index) => `Free prompt ${index}`) });
    await free.ended(other.id);
    expect((await careful.execution(id)).coverage.open).toBeGreaterThan(0);
    expect(await careful.ended(id)).toMatchObject({ coverage: { scored: 30 } });
    const times = sent.filter(({ content }) => !content.startsWith('Free')).map(({ at }) => at);
    expect(times).toHaveLength(30);
    // Five a second, and five at once. What is on the way may take longer than what is behind it.
    for (const [index, from] of times.entries()) {
      for (const [further, to] of times.slice(index).entries()) {
        expect(further + 1).toBeLessThanOrEqual(((to - from + 500) * 300) / 60_000 + 5);
      }
    }
  }, 60_000);
});

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { CONTENT_FILTER, everyNth, GARBAGE, HTML, huge, OpenAiTarget } from './openai-target.js';

const post = (url: string, content: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }) });

test('answers, echoes, and counts what it was asked', async () => {
  await using target = await OpenAiTarget.start();
  const answer = (await (await post(target.url, 'hello')).json()) as { choices: { message: { content: string } }[] };
  expect(answer.choices[0]?.message.content).toBe('hello');
  await Promise.all(['a', 'b', 'a'].map(async (content) => (await post(target.url, content)).text()));
  expect(Object.fromEntries(target.countByContent)).toEqual({ hello: 1, a: 2, b: 1 });
  expect([target.requests, target.last?.path]).toEqual([4, '/v1/chat/completions']);
});

test('behaves as it is told, per request', async () => {
  await using target = await OpenAiTarget.start(everyNth(2, { status: 429, headers: { 'retry-after': '1' } }));
  const statuses: number[] = [];
  for (const content of ['a', 'b', 'c', 'd']) {
    const response = await post(target.url, content);
    statuses.push(response.status);
    await response.text();
  }
  expect(statuses).toEqual([200, 429, 200, 429]);

  target.behave = HTML;
  expect((await post(target.url, 'x')).headers.get('content-type')).toBe('text/html');
  target.behave = GARBAGE;
  await expect((await post(target.url, 'x')).json()).rejects.toThrow();
  target.behave = huge(200_000);
  expect((await (await post(target.url, 'x')).text()).length).toBeGreaterThan(200_000);
  target.behave = CONTENT_FILTER;
  expect(await (await post(target.url, 'x')).text()).toContain('"finish_reason":"content_filter"');
  target.behave = { cut: 'before' };
  await expect(post(target.url, 'x')).rejects.toThrow('fetch failed');
  target.behave = { cut: 'within' };
  await expect((await post(target.url, 'x')).text()).rejects.toThrow();
  target.behave = { delayMs: 60 };
  const before = performance.now();
  await Promise.all([1, 2, 3].map(async (n) => (await post(target.url, `slow ${n}`)).text()));
  expect(performance.now() - before).toBeGreaterThan(50);
  expect(target.maxInFlight).toBe(3);
});

async function standalone(
  ...args: string[]
): Promise<{ child: ChildProcessWithoutNullStreams; url: string; exit: Promise<number | null> }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'standalone.ts'), ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve) => lines.once('line', resolve));
  return { child, url: `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`, exit };
}

test('the standalone target serves, counts, and ends with its standard input', async () => {
  const { child, url, exit } = await standalone('--delay', '30');
  try {
    const bodies = await Promise.all(['a', 'b', 'a'].map(async (content) => (await post(url, content)).json()));
    expect(bodies[0]).toMatchObject({ choices: [{ message: { role: 'assistant' }, finish_reason: 'stop' }] });
    expect(await (await fetch(`${url}/stats`)).json()).toEqual({ requests: 3, distinct: 2, maxInFlight: 3 });
  } finally {
    child.stdin.end();
  }
  expect(await exit).toBe(0);
});

test('the standalone target ends on SIGTERM', async () => {
  const { child, exit } = await standalone();
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

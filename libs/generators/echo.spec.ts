import { expect, test } from '@jest/globals';
import { generators } from './index.js';

test('answers with the last thing the user said', async () => {
  await using echo = await generators.get('echo').create(generators.validate('echo', { prefix: '> ' }), { fetch });
  const messages = [
    { role: 'user' as const, content: 'one' },
    { role: 'assistant' as const, content: 'two' },
    { role: 'user' as const, content: 'three' },
  ];
  const reply = await echo.generate({ messages, signal: new AbortController().signal });
  expect(reply).toEqual({ kind: 'answered', text: '> three', finishReason: 'stop', usage: null });
  expect(echo.limits.maxInFlight).toBe(10);
});

test('waits as long as it is told, and not for an aborted request', async () => {
  await using echo = await generators.get('echo').create(generators.validate('echo', { delayMs: 20_000 }), { fetch });
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 20);
  await expect(echo.generate({ messages: [], signal: controller.signal })).rejects.toBe(reason);
});

import { expect, test } from '@jest/globals';
import { eventsOf } from './event-stream.js';

async function* bytesOf(text: string, size: number, end?: Error): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  if (end) throw end;
}

async function read(body: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of eventsOf(body)) events.push(event);
  return events;
}

const STREAM = ': hello\n\nid: 1\nevent: progress\ndata: {"done":"½"}\n\ndata: {"a":\ndata: 2}\r\n\r\ndata: {"unfinished":';

test('reads the same events, wherever the bytes are cut', async () => {
  for (const size of [1, 2, 3, 7, 1_000]) expect(await read(bytesOf(STREAM, size))).toEqual([{ done: '½' }, { a: 2 }]);
});

test('ends where the stream breaks off', async () => {
  expect(await read(bytesOf('data: 1\n\ndata: 2\n\n', 3, new Error('reset')))).toEqual([1, 2]);
});

test('lets go of the stream when nobody reads on', async () => {
  let released = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from('data: 1\n\n');
    } finally {
      released = true;
    }
  }
  for await (const event of eventsOf(endless())) {
    expect(event).toBe(1);
    break;
  }
  expect(released).toBe(true);
});

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ExecutionEvent } from '#core';
import { Outbox, OutboxClosed } from './outbox.js';
import { collect } from './testing/campaign.js';

const event = (itemId: string): ExecutionEvent => ({ kind: 'attempt-lost', attemptId: itemId, itemId, at: 0 });
const events = (count: number, name = 'e'): ExecutionEvent[] => Array.from({ length: count }, (_, index) => event(`${name}${index}`));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new Promise<void>(() => undefined);

function watch(promise: Promise<void>): { state: string } {
  const watched = { state: 'waiting' };
  promise.then(
    () => (watched.state = 'remembered'),
    (error: unknown) => (watched.state = (error as Error).name),
  );
  return watched;
}

describe('an outbox', () => {
  it('tells nobody anything before the batch after theirs is asked for', async () => {
    const outbox = new Outbox();
    const batches = outbox.batches(never);
    const first = watch(outbox.post([event('a')]));
    const firstBatch = await batches.next();
    expect(firstBatch.value).toEqual([event('a')]);
    const second = watch(outbox.post([event('b')]));
    await turn();
    expect([first.state, second.state]).toEqual(['waiting', 'waiting']);
    const secondBatch = await batches.next();
    expect(secondBatch.value).toEqual([event('b')]);
    await turn();
    expect([first.state, second.state]).toEqual(['remembered', 'waiting']);
    await batches.return(undefined);
  });

  it('gathers into one batch what those post who were just told', async () => {
    const outbox = new Outbox();
    const chain = async (name: string): Promise<void> => {
      await outbox.post([event(`${name}1`)]);
      await outbox.post([event(`${name}2`)]);
    };
    const sizes: number[] = [];
    for await (const batch of outbox.batches(Promise.all(['a', 'b', 'c'].map(chain)).then(() => undefined))) sizes.push(batch.length);
    expect(sizes).toEqual([3, 3]);
  });

  it('holds no more text in one batch than may be written at once', async () => {
    const outbox = new Outbox();
    const exchange = {
      conversationId: 'c',
      requestId: 'q',
      responseId: 'r',
      original: 'x',
      converted: 'x',
      response: 'y'.repeat(1_500_000),
    };
    const answer = { attemptId: 'a', itemId: 'i', at: 0, blocked: false, latencyMs: 1, finishReason: null, usage: null, exchange };
    const finished = Promise.all(Array.from({ length: 5 }, () => outbox.post([{ kind: 'attempt-answered', ...answer }])));
    const sizes: number[] = [];
    for await (const batch of outbox.batches(finished.then(() => undefined))) sizes.push(batch.length);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('never tears apart what was posted together, keeps the order and loses nothing, whatever the sizes', async () => {
    const check = async (sizes: number[]): Promise<void> => {
      const outbox = new Outbox();
      const groups = sizes.map((size, group) => events(size, `${group}/`));
      const batches: ExecutionEvent[][] = [];
      const finished = Promise.all(groups.map((group) => outbox.post(group))).then(() => undefined);
      for await (const batch of outbox.batches(finished)) batches.push(batch);
      expect(batches.flat()).toEqual(groups.flat());
      const owners = batches.map((batch) => new Set(batch.map((event) => event.itemId.split('/')[0])));
      expect(owners.reduce((sum, set) => sum + set.size, 0)).toBe(groups.filter((group) => group.length > 0).length);
      expect(batches.every((batch, index) => batch.length <= 1_000 || owners[index]?.size === 1)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.nat(5), fc.nat(1_500)), { maxLength: 20 }), check), { numRuns: 50 });
  });

  it('rejects everyone, those in the batch and those behind it, when whoever remembers fails', async () => {
    const outbox = new Outbox();
    const posted = [1, 2, 3].map((n) => watch(outbox.post(events(600, `${n}/`))));
    const failing = async (): Promise<void> => {
      for await (const batch of outbox.batches(never)) if (batch.length > 0) throw new Error('disk full');
    };
    await expect(failing()).rejects.toThrow('disk full');
    await turn();
    expect(posted.map(({ state }) => state)).toEqual(['OutboxClosed', 'OutboxClosed', 'OutboxClosed']);
    await expect(outbox.post([event('late')])).rejects.toThrow(OutboxClosed);
  });

  it('is closed before anybody is told so', async () => {
    const outbox = new Outbox();
    const batches = outbox.batches(never);
    const told = outbox.post([event('a')]).catch(() => outbox.closed.aborted);
    await batches.next();
    expect(outbox.closed.aborted).toBe(false);
    await batches.return(undefined);
    expect(await told).toBe(true);
  });

  it('yields all that was posted before it fails with what the work failed with', async () => {
    const outbox = new Outbox();
    const posted = watch(outbox.post(events(2_500)));
    const more = watch(outbox.post(events(2)));
    const seen: ExecutionEvent[] = [];
    const reading = async (): Promise<void> => {
      for await (const batch of outbox.batches(Promise.reject(new Error('broken')))) seen.push(...batch);
    };
    await expect(reading()).rejects.toThrow('broken');
    expect(seen).toHaveLength(2_502);
    expect([posted.state, more.state]).toEqual(['remembered', 'remembered']);
  });

  it('ends when nothing was ever posted, and takes nothing for something', async () => {
    const outbox = new Outbox();
    await outbox.post([]);
    expect(await collect(outbox.batches(turn()))).toEqual([]);
    expect(outbox.closed.aborted).toBe(true);
    await outbox.post([]);
  });

  it('carries a hundred thousand posts of many at once', async () => {
    const outbox = new Outbox();
    const poster = async (name: number): Promise<void> => {
      for (let n = 0; n < 500; n++) await outbox.post([event(`${name}/${n}`)]);
    };
    const seen = new Set<string>();
    const finished = Promise.all(Array.from({ length: 200 }, (_, name) => poster(name))).then(() => undefined);
    for await (const batch of outbox.batches(finished)) for (const { itemId } of batch) seen.add(itemId);
    expect(seen.size).toBe(100_000);
  });
});

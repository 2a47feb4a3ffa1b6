import { beforeEach, describe, expect, it } from '@jest/globals';
import { Unavailable } from '#core';
import { ManualClock } from '#core/testing';
import { LeasePool, type Lease, type PoolEvent, type PoolKey } from './index.js';

const MINUTE = 60_000;

class Instance implements AsyncDisposable {
  disposed = 0;

  constructor(
    readonly of: string,
    private readonly ending: Promise<void> = Promise.resolve(),
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed += 1;
    await this.ending;
  }
}

let clock: ManualClock;
let events: PoolEvent[];
let made: Instance[];

beforeEach(() => {
  clock = new ManualClock();
  events = [];
  made = [];
});

function poolOf(size: number, ttlMs = 30 * MINUTE): LeasePool<Instance> {
  return new LeasePool({ size, ttlMs, clock, onEvent: (event) => events.push(event) });
}

/** `ada/one#1` */
function key(text: string): PoolKey {
  const [, owner = '', name = '', hash = ''] = /^(\w+)\/(\w+)#(\w+)$/.exec(text) ?? [];
  return { owner, name, hash };
}

async function make(of: string): Promise<Instance> {
  const instance = new Instance(of);
  made.push(instance);
  return instance;
}

const acquire = (pool: LeasePool<Instance>, of: string): Promise<Lease<Instance>> => pool.acquire(key(of), () => make(of));

/** Acquires and gives back. */
async function use(pool: LeasePool<Instance>, of: string): Promise<Instance> {
  await using lease = await acquire(pool, of);
  return lease.instance;
}

const release = (lease: Lease<Instance>): Promise<void> => lease[Symbol.asyncDispose]();
const told = (): string[] => events.map(({ kind, owner, name }) => `${kind} ${owner}/${name}`);

describe('acquire', () => {
  it('makes an instance once, and lends it again', async () => {
    const pool = poolOf(2);
    const first = await use(pool, 'ada/one#1');
    expect(await use(pool, 'ada/one#1')).toBe(first);
    expect(made).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ totalInstances: 1, inUse: 0, hits: 1, misses: 1 });
    expect(told()).toEqual(['created ada/one', 'reused ada/one']);
    expect(new Set(events.map(({ instanceId }) => instanceId)).size).toBe(1);
  });

  it('makes one for 200 who ask at once, and disposes it when the last of them has given it back', async () => {
    const pool = poolOf(0);
    const gate = Promise.withResolvers<void>();
    let makes = 0;
    const slowly = async (): Promise<Instance> => {
      makes += 1;
      await gate.promise;
      return make('ada/one#1');
    };
    const acquiring = Array.from({ length: 200 }, () => pool.acquire(key('ada/one#1'), slowly));
    expect(pool.stats()).toMatchObject({ totalInstances: 1, inUse: 1, oldestAgeMinutes: null });
    gate.resolve();
    const leases = await Promise.all(acquiring);
    expect(makes).toBe(1);
    expect(new Set(leases.map(({ instance }) => instance)).size).toBe(1);
    expect(pool.stats()).toMatchObject({ totalInstances: 1, inUse: 1, hits: 199, misses: 1 });
    await Promise.all(leases.slice(1).map(release));
    expect(made[0]?.disposed).toBe(0);
    await Promise.all(leases.map(release));
    expect(made[0]?.disposed).toBe(1);
    expect(pool.stats()).toMatchObject({ totalInstances: 0, inUse: 0 });
  });

  it('fails for everybody who waited when making fails, and tries again for the next', async () => {
    const pool = poolOf(2);
    const failure = new Error('no such secret');
    const attempts = await Promise.allSettled([1, 2, 3].map(() => pool.acquire(key('ada/one#1'), () => Promise.reject(failure))));
    expect(attempts).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: failure })));
    expect(pool.stats()).toMatchObject({ totalInstances: 0, inUse: 0, hits: 0, misses: 1 });
    expect(events).toEqual([]);
    await use(pool, 'ada/one#1');
    expect(pool.stats()).toMatchObject({ totalInstances: 1, misses: 2 });
  });

  it('keeps nothing of a failure that comes at once', async () => {
    const pool = poolOf(2);
    const failing = pool.acquire(key('ada/one#1'), () => {
      throw new Error('at once');
    });
    await expect(failing).rejects.toThrow('at once');
    expect(pool.stats()).toMatchObject({ totalInstances: 0, inUse: 0 });
    expect((await use(pool, 'ada/one#1')).of).toBe('ada/one#1');
  });

  it('never lends what is one owner’s to another, however they are called', async () => {
    const pool = poolOf(10);
    const lend = (owner: string, name: string): Promise<Lease<Instance>> => pool.acquire({ owner, name, hash: '1' }, () => make(owner));
    for (const [owner, name] of [
      ['a', 'b'],
      ['b', 'b'],
      ['a"', 'b'],
      ['a","b', ''],
      ['', 'a","b'],
    ] as const) {
      await using lease = await lend(owner, name);
      expect(lease.instance.of).toBe(owner);
    }
    expect(pool.stats()).toMatchObject({ totalInstances: 5, misses: 5, hits: 0 });
  });

  it('is refused when the pool is closed', async () => {
    const pool = poolOf(2);
    await pool.close();
    await expect(acquire(pool, 'ada/one#1')).rejects.toBeInstanceOf(Unavailable);
    expect(made).toEqual([]);
  });
});

describe('a lease', () => {
  it('gives back once, however often it is disposed', async () => {
    const pool = poolOf(2);
    const [first, second] = [await acquire(pool, 'ada/one#1'), await acquire(pool, 'ada/one#1')];
    await release(first);
    await release(first);
    expect(pool.stats().inUse).toBe(1);
    await release(second);
    expect(pool.stats().inUse).toBe(0);
  });

  it('is given back when what it was needed for fails', async () => {
    const pool = poolOf(0);
    const failing = async (): Promise<void> => {
      await using _lease = await acquire(pool, 'ada/one#1');
      throw new Error('the work failed');
    };
    await expect(failing()).rejects.toThrow('the work failed');
    expect(made[0]?.disposed).toBe(1);
  });
});

describe('the size', () => {
  it('is kept by disposing what was used least recently', async () => {
    const pool = poolOf(2);
    const [one, two] = [await use(pool, 'ada/one#1'), await use(pool, 'ada/two#1')];
    await use(pool, 'ada/one#1');
    const three = await use(pool, 'ada/three#1');
    expect([one.disposed, two.disposed, three.disposed]).toEqual([0, 1, 0]);
    expect(pool.stats()).toMatchObject({ totalInstances: 2, maxInstances: 2, evictions: 1 });
  });

  it('counts a use until it ends', async () => {
    const pool = poolOf(2);
    const held = await acquire(pool, 'ada/one#1');
    const two = await use(pool, 'ada/two#1');
    await release(held);
    await use(pool, 'ada/three#1');
    expect([held.instance.disposed, two.disposed]).toEqual([0, 1]);
  });

  it('may be exceeded by what is in use, and by nothing else', async () => {
    const pool = poolOf(1);
    const [one, two] = [await acquire(pool, 'ada/one#1'), await acquire(pool, 'ada/two#1')];
    expect(pool.stats()).toMatchObject({ totalInstances: 2, inUse: 2, evictions: 0 });
    await release(one);
    expect(one.instance.disposed).toBe(1);
    await release(two);
    expect(two.instance.disposed).toBe(0);
    expect(pool.stats()).toMatchObject({ totalInstances: 1, inUse: 0, evictions: 1 });
  });

  it('may be 0: then everything is disposed as soon as nobody holds it', async () => {
    const pool = poolOf(0);
    await use(pool, 'ada/one#1');
    await use(pool, 'ada/one#1');
    expect(made.map(({ disposed }) => disposed)).toEqual([1, 1]);
    expect(pool.stats()).toMatchObject({ totalInstances: 0, misses: 2, hits: 0, evictions: 2 });
    expect(told()).toEqual(['created ada/one', 'evicted ada/one', 'created ada/one', 'evicted ada/one']);
  });
});

describe('a changed configuration', () => {
  it('is a new instance, and the old one goes', async () => {
    const pool = poolOf(10);
    const old = await use(pool, 'ada/one#1');
    const present = await use(pool, 'ada/one#2');
    expect([old.disposed, present.disposed]).toEqual([1, 0]);
    expect(present.of).toBe('ada/one#2');
    expect(pool.stats()).toMatchObject({ totalInstances: 1, evictions: 1 });
  });

  it('leaves the old one to those who hold it, and lets it go after them', async () => {
    const pool = poolOf(10);
    const old = await acquire(pool, 'ada/one#1');
    await use(pool, 'ada/one#2');
    expect([old.instance.disposed, pool.stats().totalInstances]).toEqual([0, 2]);
    await release(old);
    expect([old.instance.disposed, pool.stats().totalInstances]).toEqual([1, 1]);
    expect(made).toHaveLength(2);
  });

  it('does not keep work that was planned on the old one from it', async () => {
    const pool = poolOf(10);
    const [old, present] = [await acquire(pool, 'ada/one#1'), await acquire(pool, 'ada/one#2')];
    const planned = await acquire(pool, 'ada/one#1');
    expect(planned.instance).toBe(old.instance);
    await Promise.all([old, present].map(release));
    // Now the old one was asked for last: so it counts as the present one, which may have been set back.
    expect([planned.instance.disposed, present.instance.disposed]).toEqual([0, 1]);
    await release(planned);
    expect(pool.stats()).toMatchObject({ totalInstances: 1, inUse: 0 });
    await use(pool, 'ada/one#2');
    expect((await use(pool, 'ada/one#1')).of).toBe('ada/one#1');
    expect(made.map(({ of }) => of)).toEqual(['ada/one#1', 'ada/one#2', 'ada/one#2', 'ada/one#1']);
  });

  it('that can not be made leaves one in use as it was', async () => {
    const pool = poolOf(10);
    const old = await acquire(pool, 'ada/one#1');
    await expect(pool.acquire(key('ada/one#2'), () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    await release(old);
    expect(await use(pool, 'ada/one#1')).toBe(old.instance);
  });
});

describe('the time to live', () => {
  it('runs from the end of the last use', async () => {
    const pool = poolOf(10, 10 * MINUTE);
    const lease = await acquire(pool, 'ada/one#1');
    await clock.advance(60 * MINUTE);
    expect(await pool.clearExpired()).toBe(0);
    await release(lease);
    await clock.advance(10 * MINUTE - 1);
    expect(await pool.clearExpired()).toBe(0);
    await clock.advance(1);
    expect(await pool.clearExpired()).toBe(1);
    expect(lease.instance.disposed).toBe(1);
    expect(pool.stats()).toMatchObject({ totalInstances: 0, expirations: 1, evictions: 0 });
    expect(told()).toEqual(['created ada/one', 'expired ada/one']);
  });

  it('holds also where nobody has cleared what is over it', async () => {
    const pool = poolOf(10, MINUTE);
    const old = await use(pool, 'ada/one#1');
    await clock.advance(MINUTE);
    expect(await use(pool, 'ada/one#1')).not.toBe(old);
    expect(old.disposed).toBe(1);
    expect(pool.stats()).toMatchObject({ expirations: 1, misses: 2, hits: 0 });
  });
});

describe('end', () => {
  it('takes an idle instance away at once, and one in use when it is given back, but out of reach at once', async () => {
    const pool = poolOf(10);
    const idle = await use(pool, 'ada/idle#1');
    const held = await acquire(pool, 'ada/held#1');
    expect([await pool.end('ada', 'idle'), await pool.end('ada', 'held')]).toEqual([1, 1]);
    expect([idle.disposed, held.instance.disposed]).toEqual([1, 0]);
    const next = await acquire(pool, 'ada/held#1');
    expect(next.instance).not.toBe(held.instance);
    expect(pool.stats()).toMatchObject({ totalInstances: 2, inUse: 2 });
    await release(held);
    expect([held.instance.disposed, next.instance.disposed]).toEqual([1, 0]);
    await release(next);
    expect(await use(pool, 'ada/held#1')).toBe(next.instance);
    expect(told().filter((line) => line.startsWith('ended'))).toEqual(['ended ada/idle', 'ended ada/held']);
  });

  it('takes every configuration of a name, or everything of an owner, and nothing of the others', async () => {
    const pool = poolOf(10);
    const held = [await acquire(pool, 'ada/one#1'), await acquire(pool, 'ada/one#2')];
    const two = await use(pool, 'ada/two#1');
    const other = await use(pool, 'ben/one#1');
    expect(await pool.end('ada', 'one')).toBe(2);
    expect(await pool.end('ada', 'one')).toBe(0);
    expect(two.disposed).toBe(0);
    expect(await pool.end('ada')).toBe(1);
    expect(two.disposed).toBe(1);
    await Promise.all(held.map(release));
    expect(held.map(({ instance }) => instance.disposed)).toEqual([1, 1]);
    expect(await use(pool, 'ben/one#1')).toBe(other);
  });

  it('reaches what is just being made', async () => {
    const pool = poolOf(10);
    const gate = Promise.withResolvers<void>();
    const acquiring = pool.acquire(key('ada/one#1'), () => gate.promise.then(() => make('ada/one#1')));
    expect(await pool.end('ada')).toBe(1);
    const next = await use(pool, 'ada/one#1');
    gate.resolve();
    const lease = await acquiring;
    expect(lease.instance).not.toBe(next);
    await release(lease);
    expect([lease.instance.disposed, next.disposed]).toEqual([1, 0]);
  });
});

describe('an instance that can not be disposed', () => {
  it('is forgotten all the same, and reported', async () => {
    const pool = poolOf(0);
    const failure = new Error('stuck');
    await using lease = await pool.acquire(key('ada/one#1'), async () => new Instance('ada/one#1', Promise.reject(failure)));
    await release(lease);
    expect(pool.stats()).toMatchObject({ totalInstances: 0, disposalErrors: 1 });
    expect(events.at(-1)).toMatchObject({ kind: 'disposal-failed', owner: 'ada', name: 'one', error: failure });
    await pool.close();
    expect(lease.instance.disposed).toBe(1);
  });
});

describe('close', () => {
  it('disposes what is idle, waits for what is being disposed, and leaves the rest to those who hold it', async () => {
    const pool = poolOf(10);
    const idle = await use(pool, 'ada/idle#1');
    const held = await acquire(pool, 'ada/held#1');
    const gate = Promise.withResolvers<void>();
    const slow = await pool.acquire(key('ada/slow#1'), async () => new Instance('ada/slow#1', gate.promise));
    await pool.end('ada', 'slow');
    const releasing = release(slow);
    const closing = pool.close();
    let closed = false;
    void closing.then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([idle.disposed, held.instance.disposed, closed]).toEqual([1, 0, false]);
    gate.resolve();
    await Promise.all([closing, releasing]);
    await pool.close();
    await release(held);
    expect([idle.disposed, held.instance.disposed]).toEqual([1, 1]);
    expect(pool.stats().totalInstances).toBe(0);
  });
});

describe('stats', () => {
  it('are everybody’s, or one owner’s, with the settings of the pool', async () => {
    const pool = poolOf(3, 5 * MINUTE);
    expect(pool.stats()).toEqual({
      totalInstances: 0,
      maxInstances: 3,
      inUse: 0,
      ttlMinutes: 5,
      oldestAgeMinutes: null,
      hits: 0,
      misses: 0,
      evictions: 0,
      expirations: 0,
      disposalErrors: 0,
    });
    await using _held = await acquire(pool, 'ada/one#1');
    await clock.advance(3 * MINUTE);
    await use(pool, 'ben/one#1');
    await use(pool, 'ben/one#1');
    await clock.advance(MINUTE);
    expect(pool.stats()).toMatchObject({ totalInstances: 2, inUse: 1, oldestAgeMinutes: 4, hits: 1, misses: 2 });
    expect(pool.stats('ada')).toMatchObject({ totalInstances: 1, inUse: 1, oldestAgeMinutes: 4, hits: 0, misses: 1 });
    expect(pool.stats('ben')).toMatchObject({ totalInstances: 1, inUse: 0, oldestAgeMinutes: 1, hits: 1, misses: 1 });
    expect(pool.stats('eve')).toMatchObject({ totalInstances: 0, maxInstances: 3, oldestAgeMinutes: null, misses: 0 });
  });
});

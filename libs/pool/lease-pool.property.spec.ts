import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Unavailable } from '#core';
import { ManualClock } from '#core/testing';
import { LeasePool, type Lease, type PoolEvent, type PoolKey } from './index.js';

class MakeFailed extends Error {}
class DisposeFailed extends Error {}

/** What a test decides on when it wants. */
type Gate = PromiseWithResolvers<void>;

/** An instance whose making and disposal take as long as the test wants, and which knows what was done to it. */
class TestInstance implements AsyncDisposable {
  state: 'making' | 'failed' | 'alive' | 'disposing' | 'disposed' = 'making';
  /** Taken out of reach by `end`, or by closing the pool. */
  ended = false;
  disposals = 0;
  usedAtMs = 0;
  readonly made: Gate = Promise.withResolvers();
  readonly over: Gate = Promise.withResolvers();

  constructor(readonly key: PoolKey) {}

  async make(): Promise<this> {
    try {
      await this.made.promise;
    } catch (error) {
      this.state = 'failed';
      throw error;
    }
    this.state = 'alive';
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals += 1;
    this.state = 'disposing';
    try {
      await this.over.promise;
    } finally {
      this.state = 'disposed';
    }
  }
}

/** One acquisition: it holds its instance from when it was asked for until it is given back. */
class Holding {
  /** What it waits for, or has. Null when it was refused. */
  of: TestInstance | null = null;
  lease: Lease<TestInstance> | null = null;
  error: unknown = null;
  releasing = false;

  get holds(): boolean {
    return this.of !== null && this.error === null && !this.releasing;
  }
}

const OWNERS = ['ada', 'ben'];
const KEYS: readonly PoolKey[] = OWNERS.flatMap((owner) =>
  ['one', 'two'].flatMap((name) => ['1', '2', '3'].map((hash) => ({ owner, name, hash }))),
);
const SCOPES: readonly (readonly [string, string?])[] = OWNERS.flatMap((owner) => [[owner], [owner, 'one'], [owner, 'two']] as const);
const TTL_MS = 10;

const sameName = (a: PoolKey, b: PoolKey): boolean => a.owner === b.owner && a.name === b.name;
const same = (a: PoolKey, b: PoolKey): boolean => sameName(a, b) && a.hash === b.hash;

/** A pool with everything around it. */
class World {
  readonly clock = new ManualClock();
  readonly pool: LeasePool<TestInstance>;
  readonly instances: TestInstance[] = [];
  readonly holdings: Holding[] = [];
  readonly events: PoolEvent[] = [];
  readonly faults: string[] = [];
  closed: Promise<void> | null = null;

  constructor(readonly size: number) {
    const { clock } = this;
    this.pool = new LeasePool({ size, ttlMs: TTL_MS, clock, onEvent: (event) => this.events.push(event) });
  }

  in(...states: TestInstance['state'][]): TestInstance[] {
    return this.instances.filter(({ state }) => states.includes(state));
  }

  /** Whether somebody has it, or waits for it. */
  isHeld(instance: TestInstance): boolean {
    return this.holdings.some((holding) => holding.holds && holding.of === instance);
  }

  acquire(key: PoolKey): void {
    const holding = new Holding();
    this.holdings.push(holding);
    const usable = this.in('making', 'alive').find(
      (instance) => same(instance.key, key) && !instance.ended && (this.isHeld(instance) || this.clock.now() - instance.usedAtMs < TTL_MS),
    );
    let made: TestInstance | null = null;
    const acquiring = this.pool.acquire(key, () => {
      if (usable) this.faults.push('an instance was made that was there');
      made = new TestInstance(key);
      this.instances.push(made);
      return made.make();
    });
    holding.of = made ?? (this.closed ? null : (usable ?? null));
    acquiring.then(
      (lease) => {
        holding.lease = lease;
        if (lease.instance !== holding.of) this.faults.push('another instance was lent than the one that was there, or was made for it');
        if (!same(lease.instance.key, key)) this.faults.push('an instance of another key was lent');
      },
      (error: unknown) => (holding.error = error),
    );
  }

  release(holding: Holding): void {
    holding.releasing = true;
    if (holding.of) holding.of.usedAtMs = this.clock.now();
    void holding.lease?.[Symbol.asyncDispose]();
  }

  async end(owner: string, name?: string): Promise<void> {
    const reached = this.in('making', 'alive').filter(
      ({ key, ended }) => !ended && key.owner === owner && (name === undefined || key.name === name),
    );
    for (const instance of reached) instance.ended = true;
    const count = await this.pool.end(owner, name);
    if (count !== reached.length) this.faults.push(`${count} instances were ended instead of ${reached.length}`);
  }

  close(): void {
    for (const instance of this.in('making', 'alive')) instance.ended = true;
    this.closed = this.pool.close();
  }

  /** Lets everything happen that can, and checks what must hold at every moment. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    const present = this.in('making', 'alive');
    for (const instance of this.instances) {
      if (instance.disposals > 1) this.faults.push('an instance was disposed twice');
      if (this.isHeld(instance) && instance.disposals > 0) this.faults.push('an instance in use was disposed');
      if (instance.ended && instance.state === 'alive' && !this.isHeld(instance)) this.faults.push('an ended instance is kept');
    }
    for (const { error } of this.holdings) {
      if (error !== null && !(error instanceof MakeFailed) && !(error instanceof Unavailable && this.closed !== null))
        this.faults.push(`an acquisition ended with ${error instanceof Error ? error.name : typeof error}`);
    }
    expect(this.faults).toEqual([]);
    const held = present.filter((instance) => this.isHeld(instance));
    const { totalInstances, inUse } = this.pool.stats();
    expect({ totalInstances, inUse }).toEqual({ totalInstances: present.length, inUse: held.length });
    expect(totalInstances).toBeLessThanOrEqual(Math.max(this.size, inUse));
    const idle = present.filter((instance) => !this.isHeld(instance));
    for (const { key } of idle) expect(idle.filter((other) => sameName(other.key, key))).toHaveLength(1);
    this.#expectCounts();
  }

  /** What is counted and told is what happened. */
  #expectCounts(): void {
    const told = (...kinds: PoolEvent['kind'][]): PoolEvent[] => this.events.filter(({ kind }) => kinds.includes(kind));
    const ends = told('evicted', 'expired', 'ended');
    expect(new Set(ends.map(({ instanceId }) => instanceId)).size).toBe(ends.length);
    expect(told('created')).toHaveLength(this.in('alive', 'disposing', 'disposed').length);
    expect(ends).toHaveLength(this.in('disposing', 'disposed').length);
    const counts = {
      misses: this.instances.length,
      hits: told('reused').length,
      evictions: told('evicted').length,
      expirations: told('expired').length,
      disposalErrors: told('disposal-failed').length,
    };
    const stats = this.pool.stats();
    expect(stats).toMatchObject(counts);
    const own = OWNERS.map((owner) => this.pool.stats(owner));
    for (const count of [...Object.keys(counts), 'totalInstances', 'inUse'] as (keyof typeof counts)[])
      expect(own.reduce((sum, each) => sum + each[count], 0)).toBe(stats[count]);
    expect(counts.hits + counts.misses).toBe(
      this.holdings.filter(({ lease }) => lease !== null).length + this.in('making').length + this.in('failed').length,
    );
  }

  /** Ends what is under way, until nothing is left. */
  async finish(): Promise<void> {
    await this.settle();
    for (const instance of this.in('making')) instance.made.resolve();
    await this.settle();
    for (const holding of this.holdings) if (holding.lease && !holding.releasing) this.release(holding);
    await this.settle();
    for (const instance of this.in('disposing')) instance.over.resolve();
    await this.settle();
  }
}

/** A thing that can happen, when there is something for it to happen to. */
class Step<T> implements fc.AsyncCommand<object, World> {
  constructor(
    private readonly name: string,
    private readonly which: number,
    private readonly among: (world: World) => readonly T[],
    private readonly happen: (one: T, world: World) => unknown,
  ) {}

  /** What there is is known when it is run. */
  check(): boolean {
    return true;
  }

  async run(_model: object, world: World): Promise<void> {
    const found = this.among(world);
    const one = found[this.which % found.length];
    if (one === undefined) return;
    this.happen(one, world);
    await world.settle();
  }

  toString(): string {
    return `${this.name}(${this.which})`;
  }
}

function step<T>(name: string, among: (world: World) => readonly T[], happen: (one: T, world: World) => unknown) {
  return fc.nat(23).map((which) => new Step(name, which, among, happen));
}

const rarely = (world: World): readonly World[] => [world, ...(Array.from({ length: 23 }) as World[])];

const acquire = step(
  'acquire',
  () => KEYS,
  (key, world) => world.acquire(key),
);
const made = step(
  'made',
  (world) => world.in('making'),
  (instance) => instance.made.resolve(),
);
const release = step(
  'release',
  (world) => world.holdings.filter(({ lease, releasing }) => lease !== null && !releasing),
  (holding, world) => world.release(holding),
);
const disposed = step(
  'disposed',
  (world) => world.in('disposing'),
  (instance) => instance.over.resolve(),
);
const steps = fc.commands<object, World, false>(
  [
    acquire,
    acquire,
    acquire,
    made,
    made,
    release,
    release,
    disposed,
    step(
      'make fails',
      (world) => world.in('making'),
      (instance) => instance.made.reject(new MakeFailed()),
    ),
    step(
      'dispose throws',
      (world) => world.in('disposing'),
      (instance) => instance.over.reject(new DisposeFailed()),
    ),
    step(
      'release again',
      (world) => world.holdings.filter(({ releasing }) => releasing),
      ({ lease }) => lease?.[Symbol.asyncDispose](),
    ),
    step(
      'time',
      () => [1, TTL_MS - 1, TTL_MS],
      (ms, world) => world.clock.advance(ms),
    ),
    step(
      'clear expired',
      (world) => [world],
      ({ pool }) => pool.clearExpired(),
    ),
    step(
      'end',
      () => SCOPES,
      ([owner, name], world) => world.end(owner, name),
    ),
    step('close', rarely, (world) => world.closed ?? world.close()),
  ],
  { maxCommands: 60, size: 'max' },
);

it('never disposes what is in use, disposes everything else once, keeps its bound, and loses nothing, in whatever order things happen', async () => {
  const check = async (size: number, commands: Iterable<fc.AsyncCommand<object, World>>): Promise<void> => {
    const world = new World(size);
    await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
    await world.finish();
    expect(world.pool.stats().inUse).toBe(0);
    if (!world.closed) world.close();
    await world.finish();
    await world.closed;
    expect(world.in('alive', 'making', 'disposing')).toEqual([]);
    expect(world.in('disposed').filter(({ disposals }) => disposals !== 1)).toEqual([]);
    expect(world.pool.stats()).toMatchObject({ totalInstances: 0, inUse: 0, oldestAgeMinutes: null });
  };
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 4 }), steps, check), { numRuns: 400 });
});

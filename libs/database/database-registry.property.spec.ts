import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DatabaseRegistry, type Lendable } from './database-registry.js';
import { DatabaseBroken, DatabaseClosing } from './errors.js';

class OpenFailed extends Error {}
class CloseFailed extends Error {}

/** What a test decides on when it wants. */
type Gate = PromiseWithResolvers<void>;

/** A database whose opening and closing take as long as the test wants, and which knows what was done to it. */
class TestDatabase implements Lendable {
  state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  healthy = true;
  readonly opening: Gate = Promise.withResolvers();
  readonly closing: Gate = Promise.withResolvers();

  constructor(readonly key: string) {}

  async open(): Promise<this> {
    try {
      await this.opening.promise;
    } catch (error) {
      this.state = 'closed';
      throw error;
    }
    this.state = 'open';
    return this;
  }

  async close(): Promise<void> {
    if (this.state === 'open') this.state = 'closing';
    try {
      await this.closing.promise;
    } finally {
      this.state = 'closed';
    }
  }
}

/** One call of `lend`: within the callback from the grant to the end. */
class Lease {
  granted: TestDatabase | null = null;
  over = false;
  error: unknown = null;
  readonly nested: Lease[] = [];
  readonly end: Gate = Promise.withResolvers();

  constructor(readonly key: string) {}

  get held(): boolean {
    return this.granted !== null && !this.over;
  }

  get endable(): boolean {
    return this.held && this.nested.every((lease) => lease.over);
  }
}

/** A registry with everything around it. */
class World {
  readonly registry: DatabaseRegistry<TestDatabase>;
  readonly databases: TestDatabase[] = [];
  readonly leases: Lease[] = [];
  readonly faults: string[] = [];
  closed: Promise<void> | null = null;

  constructor(readonly maxOpen: number) {
    this.registry = new DatabaseRegistry({ maxOpen });
  }

  in(...states: TestDatabase['state'][]): TestDatabase[] {
    return this.databases.filter(({ state }) => states.includes(state));
  }

  held(key: string): Lease[] {
    return this.leases.filter((lease) => lease.held && lease.key === key);
  }

  lend(key: string, outer: Lease | null): void {
    const lease = new Lease(key);
    const mustBreak = this.closed === null && this.held(key).some(({ granted }) => granted?.healthy === false);
    this.leases.push(lease);
    outer?.nested.push(lease);
    const lending = this.registry.lend(
      key,
      () => this.#open(key),
      async (database) => {
        if (mustBreak) this.faults.push('a broken database was lent while it is held');
        if (!database.healthy || database.key !== key || database.state !== 'open')
          this.faults.push(`a database was lent ${database.state}`);
        lease.granted = database;
        await lease.end.promise;
      },
    );
    lending.then(
      () => (lease.over = true),
      (error: unknown) => {
        lease.over = true;
        lease.error = error;
      },
    );
  }

  #open(key: string): Promise<TestDatabase> {
    if (this.databases.some((other) => other.key === key && other.state !== 'closed')) this.faults.push('a database was opened twice');
    const database = new TestDatabase(key);
    this.databases.push(database);
    return database.open();
  }

  /** Lets everything happen that can, and checks what must hold at every moment. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.closed === null)
      for (const { held, granted } of this.leases)
        if (held && granted?.state !== 'open') this.faults.push(`a lent database is ${granted?.state}`);
    for (const { error } of this.leases) {
      const expected = error === null || error instanceof OpenFailed || error instanceof DatabaseBroken;
      if (!expected && !(error instanceof DatabaseClosing && this.closed !== null))
        this.faults.push(`a lease ended with ${error instanceof Error ? error.name : typeof error}`);
    }
    expect(this.faults).toEqual([]);
    const { open, inUse } = this.registry.stats();
    expect(inUse).toBeLessThanOrEqual(open);
    if (this.closed !== null) return;
    for (const key of KEYS) {
      const isOpen = this.in('open').some((database) => database.key === key && database.healthy);
      expect([key, this.registry.isOpen(key)]).toEqual([key, isOpen]);
    }
    const idle = this.leases.every(({ over }) => over) && this.in('opening', 'closing').length === 0;
    if (!idle) return;
    expect([open, inUse]).toEqual([this.in('open').length, 0]);
    expect(open).toBeLessThanOrEqual(this.maxOpen);
  }

  /** Ends what is under way, the inner leases before the outer ones, until nothing is left. */
  async finish(): Promise<void> {
    await this.settle();
    for (let round = 0; round < 500 && (this.leases.some(({ over }) => !over) || this.in('opening', 'closing').length > 0); round++) {
      for (const database of this.in('opening')) database.opening.resolve();
      for (const database of this.in('closing')) database.closing.resolve();
      for (const lease of this.leases) if (lease.endable) lease.end.resolve();
      await this.settle();
    }
    expect(this.leases.filter(({ over }) => !over)).toEqual([]);
  }
}

const KEYS = ['a', 'b', 'c', 'd'];

/** A thing that can happen, when there is something for it to happen to. */
class Step<T> implements fc.AsyncCommand<object, World> {
  constructor(
    private readonly name: string,
    private readonly which: number,
    private readonly among: (world: World) => readonly T[],
    private readonly happen: (one: T, world: World) => void,
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

function step<T>(name: string, among: (world: World) => readonly T[], happen: (one: T, world: World) => void) {
  return fc.nat(11).map((which) => new Step(name, which, among, happen));
}

async function release(key: string, world: World): Promise<void> {
  const held = world.held(key).length > 0;
  const released = await world.registry.release(key);
  if (held && released && world.closed === null) world.faults.push('a held database was released');
}

const keys = (): readonly string[] => KEYS;
const lend = step('lend', keys, (key, world) => world.lend(key, null));
const nests = (world: World) => world.leases.filter(({ held }) => held).flatMap((outer) => KEYS.map((key) => ({ outer, key })));
const open = step(
  'open',
  (world) => world.in('opening'),
  (database) => database.opening.resolve(),
);
const endLease = step(
  'end',
  (world) => world.leases.filter(({ endable }) => endable),
  (lease) => lease.end.resolve(),
);
const close = step(
  'close',
  (world) => world.in('closing'),
  (database) => database.closing.resolve(),
);
const steps = fc.commands<object, World, false>(
  [
    lend,
    lend,
    step('nest', nests, ({ outer, key }, world) => world.lend(key, outer)),
    open,
    open,
    step(
      'open fails',
      (world) => world.in('opening'),
      (database) => database.opening.reject(new OpenFailed()),
    ),
    endLease,
    endLease,
    step(
      'fail',
      (world) => world.leases.filter(({ endable }) => endable),
      (lease) => lease.end.reject(new OpenFailed()),
    ),
    step(
      'crash',
      (world) => world.in('open'),
      (database) => (database.healthy = false),
    ),
    close,
    close,
    step(
      'close fails',
      (world) => world.in('closing'),
      (database) => database.closing.reject(new CloseFailed()),
    ),
    step('release', keys, (key, world) => void release(key, world)),
    fc.nat(19).map(
      (rarely) =>
        new Step(
          'shut',
          0,
          (world) => (rarely === 0 && !world.closed ? [0] : []),
          (_, world) => void (world.closed = world.registry.close()),
        ),
    ),
  ],
  { maxCommands: 60, size: 'max' },
);

it('never closes what is lent, opens nothing twice, keeps its bound when idle, and closes everything in the end, in whatever order things happen', async () => {
  const check = async (maxOpen: number, commands: Iterable<fc.AsyncCommand<object, World>>): Promise<void> => {
    const world = new World(maxOpen);
    await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
    await world.finish();
    world.closed ??= world.registry.close();
    await world.finish();
    await world.closed;
    expect(world.databases.filter(({ state }) => state !== 'closed')).toEqual([]);
    world.lend('a', null);
    await world.settle();
    expect(world.leases.at(-1)?.error).toBeInstanceOf(DatabaseClosing);
  };
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, check), { numRuns: 400 });
});

// Memories without HTTP, in a process that does nothing else: `node stores-process.ts --folder DIR --what opening|holding|turnover --users N`.
// Prints one line of JSON: times in milliseconds, memory in bytes.
import { parseArgs } from 'node:util';
import { DatabaseRegistry } from '#database';
import type { MemoryStore } from '#memory';
import { residentBytes } from './resident-memory.ts';
import { StoreCopies, use } from './store-copies.ts';

const MAX_OPEN = 200;
const AT_ONCE = 4;

const { values } = parseArgs({ options: { folder: { type: 'string' }, what: { type: 'string' }, users: { type: 'string' } } });
const users = Number(values.users);
const copies = await StoreCopies.of(values.folder ?? '');
await copies.make(users);

/** Opens, uses and closes one after the other. */
async function opening(): Promise<object> {
  const opened: number[] = [];
  const closed: number[] = [];
  for (let user = 0; user < users; user++) {
    let begun = performance.now();
    const store = await copies.open(user);
    opened.push(performance.now() - begun);
    await use(store);
    begun = performance.now();
    await store.close();
    closed.push(performance.now() - begun);
  }
  return { opened, closed };
}

/** Holds all of them open: first as they are when opened, then after each was used. */
async function holding(): Promise<object> {
  const perStore = (before: number | null, now: number | null): number | null =>
    before === null || now === null ? null : (now - before) / users;
  const before = await residentBytes('self');
  const stores: MemoryStore[] = [];
  for (let user = 0; user < users; user++) stores.push(await copies.open(user));
  const opened = perStore(before, await residentBytes('self'));
  for (const store of stores) await use(store);
  const used = perStore(before, await residentBytes('self'));
  await Promise.all(stores.map((store) => store.close()));
  return { opened, used };
}

/** Everybody comes once, a few at the same time, and so many stay open. */
async function turnover(): Promise<object> {
  const registry = new DatabaseRegistry<MemoryStore>({ maxOpen: MAX_OPEN });
  const resident: number[] = [];
  let mostOpen = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let user = next++; user < users; user = next++) {
      const mine = user;
      await registry.lend(await copies.key(mine), () => copies.open(mine), use);
      mostOpen = Math.max(mostOpen, registry.stats().open);
      if (mine % MAX_OPEN === MAX_OPEN - 1) resident.push((await residentBytes('self')) ?? 0);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const seconds = (performance.now() - begun) / 1000;
  await registry.close();
  return { usersPerSecond: users / seconds, mostOpen, resident };
}

const measures: Readonly<Record<string, () => Promise<object>>> = { opening, holding, turnover };
const measure = measures[values.what ?? ''];
if (!measure) throw new Error('--what takes opening, holding or turnover.');
console.log(JSON.stringify(await measure()));

// An old file comes into a new memory, in a process that does nothing else: `node legacy-import-process.ts --source DIR --folder DIR`. It does so in pieces,
// and opens the memory anew for each. Prints a line of JSON with the time in milliseconds when a phase begins, and when all is done.
import { parseArgs } from 'node:util';
import { uuidv7 } from '#core';
import { openDuckDb } from '#database';
import { MemoryStore, type MemoryTables, type Owner } from '#memory';
import { legacyMessages } from './legacy-messages.ts';

const { values } = parseArgs({ options: { source: { type: 'string' }, folder: { type: 'string' } } });
const source = values.source ?? '';
const FILE = 'imported.db';
const OWNER: Owner = { store_id: uuidv7(), user_id: uuidv7(), issuer: 'bench', name: 'bench', aliases: [] };

/** As the migration does it. */
const MEMORY_LIMIT_MB = 80;
const RECEIVED_AT_ONCE = 10 * 2048;
const SETTLED_AT_ONCE = 25;

const begun = new Set<string>();

function begin(phase: string): void {
  if (begun.has(phase)) return;
  begun.add(phase);
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ phase, at: performance.now(), cpuMs: (user + system) / 1000, memory: process.memoryUsage() }));
}

begin('reading');
let read = 0;
for await (const _row of legacyMessages(source)) read += 1;

begin('receiving');
const run = uuidv7();
const rows = legacyMessages(source);
for (let more = true; more;)
  more = await withStore(async ({ imports }) => {
    let taken = 0;
    await imports.receive(
      run,
      (async function* () {
        for (let next = await rows.next(); !next.done; next = await rows.next()) {
          yield next.value;
          taken += 1;
          if (taken === RECEIVED_AT_ONCE) return;
        }
      })(),
    );
    return taken === RECEIVED_AT_ONCE;
  });

while (await withStore(({ imports }) => imports.settleSome(run, SETTLED_AT_ONCE, ({ phase }) => begin(phase))));
begin('done');
const accounts = await withStore(({ imports }) => imports.account(run));
console.log(JSON.stringify({ read, added: accounts.reduce((sum, { added }) => sum + added, 0) }));

async function withStore<T>(work: (store: MemoryStore) => Promise<T>): Promise<T> {
  const place = { directory: values.folder ?? '', file: FILE };
  const database = await openDuckDb<MemoryTables>(place, { create: true, memoryLimitMb: MEMORY_LIMIT_MB });
  const store = await MemoryStore.open(database, FILE, OWNER, true);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

import { basename, dirname } from 'node:path';
import { openDuckDb } from '../duckdb/open.js';
import { someNotes, type NoteTables } from './harness.js';

/** Run by itself, with a limit on the size of files: copies the database at the first path to the second, and says how that went. */
const [from = '', to = ''] = process.argv.slice(2);
const database = await openDuckDb<NoteTables>({ directory: dirname(from), file: basename(from) }, { create: false });
const outcome = await database.copyTo(to).then(
  () => 'copied',
  (error: unknown) => (error as Error).name,
);
await database.append({ notes: someNotes(1, 1_000_000) });
process.stdout.write(JSON.stringify({ outcome, healthy: database.healthy }));
await database.close();

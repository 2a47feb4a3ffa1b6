import { openDuckDb } from '#database';
import { MemoryStore, type MemoryTables, type Owner } from '#memory';

/** Why an execution of a restored memory does not go on by itself. */
const PAUSED = 'It was paused when a backup was restored. Resume it when the server that the backup is of does not run any more.';

/** What was found in a memory. */
export interface RestoredMemory {
  readonly userId: string;
  readonly file: string;
  readonly rows: number;
  /** The ids of executions that were not at their end, and now are paused. */
  readonly paused: readonly string[];
  /** Those that go on when the server starts. */
  readonly goesOn: readonly string[];
}

/**
 * Opens a restored memory as a server would, reads every value in it, and pauses what would go on by itself, unless that is wanted.
 * @param owner according to the catalog; null for what is nobody's.
 * @throws StoreSwitched when it is another one's; DatabaseCorrupt, DatabaseNewer and the other errors of opening.
 */
export async function checkMemory(directory: string, file: string, owner: Owner | null, resume: boolean): Promise<RestoredMemory> {
  const database = await openDuckDb<MemoryTables>({ directory, file }, { create: false });
  const memory = await MemoryStore.open(database, file, owner, false);
  try {
    const content = await memory.content();
    const unfinished = owner ? await memory.read(({ executions }) => executions.unfinished()) : [];
    // What is to be cancelled sends nothing.
    const pausable = resume ? [] : unfinished.filter(({ cancel_requested_at }) => cancel_requested_at === null);
    await memory.transact(async ({ executions }) => {
      for (const { id } of pausable) await executions.pause(id, PAUSED);
    });
    const paused = pausable.map(({ id }) => id);
    const rows = [...content.values()].reduce((sum, table) => sum + table.rows, 0);
    return {
      userId: owner?.user_id ?? '',
      file,
      rows,
      paused,
      goesOn: unfinished.map(({ id }) => id).filter((id) => !paused.includes(id)),
    };
  } finally {
    await memory.close();
  }
}

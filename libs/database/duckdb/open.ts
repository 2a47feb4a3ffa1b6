import { DuckDBInstance } from '@duckdb/node-api';
import { chmod, link, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock, type Clock } from '#core';
import type { Commit, Database } from '../database.js';
import { DatabaseCorrupt, DatabaseHeld, DatabaseMissing, DatabaseReadOnly } from '../errors.js';
import { copyDraft, filesOf, newDraft, removeDraft } from './drafts.js';
import { DuckDbDatabase } from './duckdb-database.js';
import { claimFile, type FileClaim } from './file-claims.js';
import { translate } from './native-errors.js';
import { ATTACH_OPTIONS, quote } from './statements.js';

export interface DuckDbLocation {
  /** The folder, which must exist. It may be a relative path or lead through symbolic links. */
  readonly directory: string;
  /** A bare file name in that folder. */
  readonly file: string;
}

export interface DuckDbOptions {
  /** Whether a missing file is created. When not, it is an error. */
  readonly create: boolean;
  /** Threads of the engine for this database, its caller's included. */
  readonly threads?: number;
  readonly memoryLimitMb?: number;
  /** Connections for reading at the same time. */
  readonly readers?: number;
  /** How long, and how often at most, to wait for a file that another process holds. */
  readonly heldTimeoutMs?: number;
  readonly heldRetries?: number;
  readonly clock?: Clock;
  /** Told of each group commit when it is durable. It must not throw. */
  readonly onCommit?: (commit: Commit) => void;
}

/** What the engine may hold of its file in memory, in MB, where nobody says otherwise. */
const MEMORY_LIMIT_MB = 1024;

/**
 * How far the log grows before it is folded in, which is also about what lies uncompressed in memory meanwhile; so it is less where there is little of
 * that. The usual 16 MB is a checkpoint every second of a fast campaign.
 */
const LOG_MB = 32;
const LOG_SHARE = 8;

/**
 * Plans are made by what a table holds at the moment: its least and greatest values, its number of rows. A statement that is prepared and kept goes on
 * with them whatever is written since: `count(*)` stays as it was, a filter that nothing fitted finds nothing for ever, a grouping fails.
 */
const FROZEN_STATISTICS = 'statistics_propagation';

/** Two locations with the same key are the same database. @throws when the folder does not exist. */
export async function duckDbKey(location: DuckDbLocation): Promise<string> {
  if (location.file !== basename(location.file)) throw new TypeError('The name of a database file has no folders in it.');
  const path = join(location.directory, location.file);
  // The file itself may be a link; a file that is not there yet has the name it will have.
  return realpath(path).catch(async () => join(await realpath(location.directory), location.file));
}

/**
 * Opens one file as a database of its own: a `:memory:` instance with the file attached, because an error while a log is replayed, or a fatal
 * one, then stays with this file; sandboxed, so that no SQL can reach another file or change the settings.
 * @throws DatabaseMissing, DatabaseHeld, DatabaseCorrupt, DatabaseOpenTwice, DatabaseReadOnly, DatabaseFull
 */
export async function openDuckDb<Tables>(location: DuckDbLocation, options: DuckDbOptions): Promise<Database<Tables>> {
  const path = await duckDbKey(location);
  const name = basename(path);
  const claim = await claimFile(path, name);
  try {
    if (!(await exists(path))) {
      if (!options.create) throw new DatabaseMissing(name);
      await create(path, name);
      await claim.created();
    }
    const database = await attachPatiently<Tables>(path, name, claim, options);
    const same = await claim.opened().catch(async (error: unknown) => {
      await database.close();
      throw translate(error, name);
    });
    if (same) return database;
    await database.close();
    throw new DatabaseCorrupt(name, 'its file was replaced while it was being opened');
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** Makes an empty database beside its place and moves it there whole: a crash or a full disk never leaves half a file under the name. */
async function create(path: string, name: string): Promise<void> {
  if (await exists(`${path}.wal`)) throw new DatabaseCorrupt(name, 'there is a write-ahead log without its database file');
  const draft = newDraft(path);
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run(`attach ${quote(draft)} as draft ${ATTACH_OPTIONS}`);
    await connection.run('detach draft');
    connection.closeSync();
    await chmod(draft, 0o600);
    await link(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was faster: what it made is opened, or found to be held.
    if (code === 'EEXIST') return;
    if (code === 'EACCES' || code === 'EROFS') throw new DatabaseReadOnly({ cause: error });
    throw translate(error, name);
  } finally {
    instance.closeSync();
    await removeDraft(draft);
  }
}

async function attachPatiently<Tables>(path: string, name: string, claim: FileClaim, options: DuckDbOptions): Promise<Database<Tables>> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.now() + (options.heldTimeoutMs ?? 0);
  for (let retry = 0; ; retry++) {
    try {
      return await attach<Tables>(path, name, claim, options);
    } catch (error) {
      const pauseMs = Math.min(100 * 2 ** retry, 2_000, deadline - clock.now());
      if (!(error instanceof DatabaseHeld) || retry >= (options.heldRetries ?? 0) || pauseMs <= 0) throw error;
      await clock.sleep(pauseMs);
    }
  }
}

async function attach<Tables>(path: string, name: string, claim: FileClaim, options: DuckDbOptions): Promise<Database<Tables>> {
  const spill = `${path}.tmp`;
  const memoryLimitMb = options.memoryLimitMb ?? MEMORY_LIMIT_MB;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 1),
    memory_limit: `${memoryLimitMb}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    disabled_optimizers: FROZEN_STATISTICS,
  }).catch((error: unknown) => {
    throw translate(error, name);
  });
  const setup = await instance.connect();
  let attached = false;
  try {
    await setup.run(`attach ${quote(path)} as store ${ATTACH_OPTIONS}`);
    attached = true;
    await mkdir(spill, { recursive: true, mode: 0o700 });
    await setup.run(
      `set temp_directory = ${quote(spill)};
       set wal_autocheckpoint = '${Math.min(LOG_MB, Math.ceil(memoryLimitMb / LOG_SHARE))}MB';
       set allowed_paths = [${[path, `${path}.wal`, ...filesOf(copyDraft(path))].map(quote).join(', ')}];
       set enable_external_access = false;
       set lock_configuration = true;`,
    );
    return await DuckDbDatabase.start<Tables>(instance, setup, {
      path,
      name,
      spill,
      claim,
      readers: options.readers ?? 4,
      onCommit: options.onCommit,
    });
  } catch (error) {
    setup.closeSync();
    instance.closeSync();
    // A folder of that name belongs to whoever holds the file.
    if (attached) await rm(spill, { recursive: true, force: true });
    throw translate(error, name);
  }
}

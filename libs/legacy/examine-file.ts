import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Candidate, Companion, Engine } from './candidate.js';
import { identityOf, writerOf } from './file-locks.js';
import { isBackupName, isDatabaseName } from './file-names.js';
import { FileRefused, fileSystemFinding, finding, type Finding } from './finding.js';
import { readMagic, type Magic } from './magic.js';
import { contentSha256, openForReading, scanFile } from './scanned-file.js';

const COMPANIONS: Readonly<Record<Engine, readonly (readonly [suffix: string, role: Companion['role']])[]>> = {
  duckdb: [['.wal', 'log']],
  sqlite: [
    ['-wal', 'log'],
    ['-journal', 'journal'],
  ],
};

/** What looking into one file needs to know of the scan. */
export interface Surroundings {
  /** See `DiscoverOptions`. */
  isOpenHere(identity: string): boolean;
  /** Takes a log or journal as part of the database beside it, whatever becomes of that database: it is not looked at for itself. */
  claim(path: string): void;
}

/** Looks into one file: a candidate with its companions, a finding where it should be one and isn't, or nothing. */
export async function* examineFile(path: string, entry: BigIntStats, surroundings: Surroundings): AsyncGenerator<Candidate | Finding> {
  const claimAll = (): void => {
    for (const [suffix] of [...COMPANIONS.duckdb, ...COMPANIONS.sqlite]) surroundings.claim(`${path}${suffix}`);
  };
  if (surroundings.isOpenHere(identityOf(entry))) {
    claimAll();
    yield finding(path, 'open-here', 'This server has it open as one of its own databases. It is not an old one.');
    return;
  }
  try {
    const file = await openForReading(path);
    try {
      const magic = await readMagic(file);
      if (magic.is === 'duckdb' || magic.is === 'sqlite') claimAll();
      yield* refusals(path, magic);
      if (magic.is !== 'duckdb' && magic.is !== 'sqlite' && magic.is !== 'duckdb-log') return;
      if (magic.is === 'duckdb' && magic.encrypted) return;
      const pid = await writerOf(entry);
      if (pid !== null) throw new FileRefused(held(path, pid));
      const engine = magic.is === 'sqlite' ? 'sqlite' : 'duckdb';
      const companions = magic.is === 'duckdb-log' ? [] : await companionsOf(path, engine, surroundings);
      const scanned = await scanFile(path, file);
      yield {
        kind: 'candidate',
        engine,
        role: magic.is === 'duckdb-log' ? 'orphan-log' : isBackupName(basename(path)) ? 'backup' : 'database',
        ...scanned,
        companions,
        contentSha256: contentSha256(scanned, companions),
        writtenBy: magic.is === 'duckdb' ? magic.writtenBy : null,
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    claimAll();
    yield error instanceof FileRefused ? error.finding : fileSystemFinding(path, error);
  }
}

/** A file that another process is writing. */
export function held(path: string, pid: number): Finding {
  return finding(path, 'held', `The process ${pid} holds it for writing. Stop that process, then scan again.`);
}

function* refusals(path: string, magic: Magic): Generator<Finding> {
  const expected = isDatabaseName(basename(path));
  if (magic.is === 'other' && expected && /-(?:wal|journal)$/.test(path)) {
    yield finding(
      path,
      'orphan-log',
      'It is the log of an SQLite database whose file is gone, and means nothing without it. Put that file back.',
    );
    return;
  }
  if (magic.is === 'duckdb' && magic.encrypted)
    yield finding(path, 'encrypted', 'It is an encrypted DuckDB database. Decrypt it with the key of whoever made it, then scan again.');
  if (magic.is === 'duckdb-log')
    yield finding(
      path,
      'orphan-log',
      'It is a write-ahead log whose database file is gone. What it holds by itself is read; put the file back if there is one.',
    );
  if (magic.is === 'empty' && expected) yield finding(path, 'empty', 'It has no content at all. Look for a backup of it.');
  if (magic.is === 'other' && expected) {
    const hint = magic.looksEncrypted ? 'its bytes look random, so it may be encrypted as a whole' : 'its beginning is not that of any';
    yield finding(
      path,
      'not-a-database',
      `It is called like a database but is not one that can be read: ${hint}. Look for a backup of it.`,
    );
  }
}

async function companionsOf(path: string, engine: Engine, surroundings: Surroundings): Promise<readonly Companion[]> {
  const companions: Companion[] = [];
  for (const [suffix, role] of COMPANIONS[engine]) {
    const place = `${path}${suffix}`;
    const entry = await lstat(place, { bigint: true }).catch(() => null);
    if (!entry?.isFile() || entry.size === 0n || surroundings.isOpenHere(identityOf(entry))) continue;
    const file = await openForReading(place);
    try {
      companions.push({ ...(await scanFile(place, file)), role });
    } finally {
      await file.close();
    }
  }
  return companions;
}

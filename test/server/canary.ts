import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** A text that nobody has by chance, and that no compression makes shorter. It can be part of a name. */
export function newCanary(): string {
  return `canary${randomBytes(12).toString('hex')}`;
}

/** The files below a folder that hold a text, as bytes, or as a value in a database, which may be compressed. */
export async function filesWith(directory: string, canary: string): Promise<string[]> {
  const found: string[] = [];
  // One file may have several names.
  const searched = new Map<string, boolean>();
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name.includes(canary)) found.push(`${path} (its name)`);
    if (!entry.isFile()) continue;
    const isThere = await search(path, canary, searched).catch((error: NodeJS.ErrnoException) => {
      // A running server looks into private copies, which it takes away.
      if (error.code === 'ENOENT') return false;
      throw error;
    });
    if (isThere) found.push(path);
  }
  return found.sort();
}

async function search(path: string, canary: string, searched: Map<string, boolean>): Promise<boolean> {
  const { dev, ino } = await stat(path);
  const key = `${dev}:${ino}`;
  const isThere = searched.get(key) ?? (await fileHas(path, canary));
  searched.set(key, isThere);
  return isThere;
}

async function fileHas(path: string, canary: string): Promise<boolean> {
  const bytes = await readFile(path);
  const isThere = (['utf8', 'utf16le'] as const).some((encoding) => bytes.includes(Buffer.from(canary, encoding)));
  return isThere || (isDatabase(bytes) && (await databaseHas(path, canary)));
}

function isDatabase(bytes: Buffer): boolean {
  return bytes.subarray(8, 12).toString('latin1') === 'DUCK';
}

/** Looks into every column of every table of a copy: the original may be open. */
async function databaseHas(path: string, canary: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'canary-'));
  const copy = join(folder, basename(path));
  await copyFile(path, copy);
  await copyFile(`${path}.wal`, `${copy}.wal`).catch(() => undefined);
  const instance = await DuckDBInstance.create(copy);
  const connection = await instance.connect();
  try {
    const tables = await connection.runAndReadAll(`select table_name from duckdb_tables() where not internal`);
    const searches = tables
      .getRows()
      .map(([table]) => `exists (select 1 from "${String(table)}" as "a row" where contains(cast("a row" as varchar), '${canary}'))`);
    const [[has] = []] = (await connection.runAndReadAll(`select ${searches.join(' or ') || 'false'}`)).getRows();
    return has === true;
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

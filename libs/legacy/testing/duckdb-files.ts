import { DuckDBInstance } from '@duckdb/node-api';
import { copyFile, rm } from 'node:fs/promises';

/** Makes a DuckDB file with some statements, and closes it. @param options what stands in the parentheses of `attach` */
export async function makeDuckDb(path: string, statements: readonly string[], options = ''): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    if (options.includes('ENCRYPTION')) await connection.run('set force_mbedtls_unsafe = true');
    await connection.run(`attach '${path}' as made ${options}`);
    await connection.run('use made');
    for (const statement of statements) await connection.run(statement);
    await connection.run('use memory');
    await connection.run('detach made');
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return path;
}

/** Makes a DuckDB file as a killed process leaves it: what it wrote is in the log only. */
export async function makeKilledDuckDb(path: string, statements: readonly string[]): Promise<string> {
  const living = `${path}.living`;
  const instance = await DuckDBInstance.create(living, { threads: '1' });
  const connection = await instance.connect();
  try {
    for (const statement of statements) await connection.run(statement);
    await copyFile(living, path);
    await copyFile(`${living}.wal`, `${path}.wal`);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(living, { force: true });
  }
  return path;
}

const WORD = (1n << 64n) - 1n;
const HEADER_BYTES = 4096;
const VERSION_AT = 12;

/** Rewrites the storage version in the header of a DuckDB file, with the checksum that belongs to it. */
export function withStorageVersion(file: Buffer, version: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeBigUInt64LE(BigInt(version), VERSION_AT);
  let checksum = 5381n;
  for (let at = 8; at < HEADER_BYTES; at += 8) checksum ^= (copy.readBigUInt64LE(at) * 0xbf58476d1ce4e5b9n) & WORD;
  copy.writeBigUInt64LE(checksum, 0);
  return copy;
}

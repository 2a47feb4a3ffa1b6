import type { FileHandle } from 'node:fs/promises';

/** What the first bytes of a file say. */
export type Magic =
  | { readonly is: 'duckdb'; readonly storageVersion: number; readonly writtenBy: string | null; readonly encrypted: boolean }
  | { readonly is: 'duckdb-log' }
  | { readonly is: 'sqlite' }
  | { readonly is: 'empty' }
  | { readonly is: 'other'; readonly looksEncrypted: boolean };

/** How much of a file is looked at. */
export const MAGIC_BYTES = 4096;

const DUCKDB_MAGIC = Buffer.from('DUCK');
const DUCKDB_MAGIC_AT = 8;
const DUCKDB_VERSION_AT = 12;
const DUCKDB_FLAGS_AT = 20;
const DUCKDB_LIBRARY_AT = 52;
const DUCKDB_LIBRARY_LENGTH = 32;
const SQLITE_MAGIC = Buffer.from('SQLite format 3\0');

/** The first entry of every log of DuckDB 0.10 and later: field 100 is the entry type 98 (version), field 101 the version. */
const DUCKDB_LOG_MAGIC = Buffer.from('6400626500', 'hex');

export async function readMagic(file: FileHandle): Promise<Magic> {
  const buffer = Buffer.alloc(MAGIC_BYTES);
  const { bytesRead } = await file.read(buffer, 0, MAGIC_BYTES, 0);
  return magicOf(buffer.subarray(0, bytesRead));
}

/** @param head the first bytes of a file, `MAGIC_BYTES` of them where it has so many. */
export function magicOf(head: Buffer): Magic {
  if (head.length === 0) return { is: 'empty' };
  if (head.subarray(0, SQLITE_MAGIC.length).equals(SQLITE_MAGIC)) return { is: 'sqlite' };
  if (head.subarray(0, DUCKDB_LOG_MAGIC.length).equals(DUCKDB_LOG_MAGIC)) return { is: 'duckdb-log' };
  if (head.subarray(DUCKDB_MAGIC_AT, DUCKDB_MAGIC_AT + DUCKDB_MAGIC.length).equals(DUCKDB_MAGIC)) return duckDbMagic(head);
  return { is: 'other', looksEncrypted: looksRandom(head) };
}

function duckDbMagic(head: Buffer): Magic {
  const field = (at: number): number => (head.length >= at + 8 ? Number(head.readBigUInt64LE(at)) : 0);
  const library =
    head
      .subarray(DUCKDB_LIBRARY_AT, DUCKDB_LIBRARY_AT + DUCKDB_LIBRARY_LENGTH)
      .toString('latin1')
      .split('\0')[0] ?? '';
  return {
    is: 'duckdb',
    storageVersion: field(DUCKDB_VERSION_AT),
    writtenBy: /^v\d+\.\d+\.\d+/.test(library) ? library : null,
    encrypted: field(DUCKDB_FLAGS_AT) % 2 === 1,
  };
}

/**
 * Whether the bytes are as random as ciphertext: SQLCipher leaves no magic. Over a few thousand bytes the entropy of random ones is above 7.9 bits
 * each; text and tables stay far below. Compressed files look the same, so this is a hint for a message and nothing more.
 */
function looksRandom(head: Buffer): boolean {
  if (head.length < 1024) return false;
  const counts = Array.from({ length: 256 }, () => 0);
  for (const byte of head) counts[byte] = (counts[byte] ?? 0) + 1;
  const entropy = counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / head.length) * Math.log2(count / head.length)), 0);
  return entropy > 7.8;
}

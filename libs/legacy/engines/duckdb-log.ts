import { open } from 'node:fs/promises';
import { LOG_ENTRY_HEAD_BYTES } from './duckdb-faults.js';

const BUFFER_BYTES = 256 * 1024;
const HEADER_BYTES = 8;
/** Version 2, as DuckDB 0.10 to 1.5 write it by default: field 101 of the first entry is 2, then the end of the entry. */
const VERSION_2 = Buffer.from('640062650002ffff', 'hex');

/**
 * How much of a write-ahead log consists of whole entries, in bytes. What is behind them was never finished (a process killed while it wrote), or is
 * not reached because the size of an entry is damaged; the engine leaves it out without a word. Null for a log of another version.
 * Each entry is its size, its checksum (8 bytes each, little-endian) and so many bytes.
 */
export async function wholeLogBytes(path: string): Promise<number | null> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const first = await file.read(buffer, 0, HEADER_BYTES, 0);
  if (!buffer.subarray(0, first.bytesRead).equals(VERSION_2)) return null;
  let position = HEADER_BYTES;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, BUFFER_BYTES, position);
    let at = 0;
    while (at + LOG_ENTRY_HEAD_BYTES <= bytesRead) {
      const entry = LOG_ENTRY_HEAD_BYTES + Number(buffer.readBigUInt64LE(at));
      if (position + at + entry > size) return position + at;
      at += entry;
    }
    if (at === 0) return position;
    position += at;
  }
}

import { fstat, read } from 'node:fs';
import { promisify } from 'node:util';

/** The two headers of a database file, which checkpoints write in turn, behind the first block, which never changes. Then come the blocks. */
const HEADERS_AT = 4096;
const HEADER_BYTES = 4096;
const ITERATION_AT = 8;
const BLOCKS_AT = HEADERS_AT + 2 * HEADER_BYTES;
/** Of the files that are made here. In others a sample is of something else than checksums, and as good. */
const BLOCK_BYTES = 16_384;
const CHECKSUM_BYTES = 8;
const MOST_SAMPLES = 64;

const readAt = promisify(read);

/** What a database file is known by. */
export interface FileContent {
  /** The size of the file. */
  readonly bytes: number;
  /** The number of the last checkpoint. */
  readonly iteration: bigint;
  readonly newer: Buffer;
  readonly older: Buffer;
  /** The checksums of some of its blocks. Two files of the same size after as many checkpoints can have the same headers. */
  readonly sample: Buffer;
}

/**
 * What a file is known by, which must not be written meanwhile; null when it is too short to be a database.
 * @param file its descriptor.
 */
export async function readContent(file: number): Promise<FileContent | null> {
  const headers = Buffer.alloc(2 * HEADER_BYTES);
  const { bytesRead } = await readAt(file, headers, 0, headers.length, HEADERS_AT);
  if (bytesRead < headers.length) return null;
  const [first, second] = [headers.subarray(0, HEADER_BYTES), headers.subarray(HEADER_BYTES)];
  const [one, two] = [first.readBigUInt64LE(ITERATION_AT), second.readBigUInt64LE(ITERATION_AT)];
  const { size: bytes } = await promisify(fstat)(file);
  const rest = { bytes, sample: await sampleOf(file, bytes) };
  return one > two ? { ...rest, iteration: one, newer: first, older: second } : { ...rest, iteration: two, newer: second, older: first };
}

async function sampleOf(file: number, bytes: number): Promise<Buffer> {
  const blocks = Math.max(0, Math.floor((bytes - BLOCKS_AT) / BLOCK_BYTES));
  const samples = Math.min(blocks, MOST_SAMPLES);
  const sample = Buffer.alloc(samples * CHECKSUM_BYTES);
  const reads = Array.from({ length: samples }, (_, index) => {
    const block = Math.floor((index * blocks) / samples);
    return readAt(file, sample, index * CHECKSUM_BYTES, CHECKSUM_BYTES, BLOCKS_AT + block * BLOCK_BYTES);
  });
  await Promise.all(reads);
  return sample;
}

/** Whether nothing was written into a file that was seen as `before`. */
export function isSame(before: FileContent, now: FileContent): boolean {
  return sameHeaders(before, now) && now.bytes === before.bytes && now.sample.equals(before.sample);
}

/**
 * Whether a file that was seen as `before` can have become `now` by one transaction of its own. Only a checkpoint writes headers, or makes the file
 * shorter; it goes over the older header with the next number.
 */
export function goesOn(before: FileContent, now: FileContent): boolean {
  if (now.iteration === before.iteration + 1n) return now.older.equals(before.newer);
  return sameHeaders(before, now) && now.bytes >= before.bytes;
}

function sameHeaders(before: FileContent, now: FileContent): boolean {
  return now.newer.equals(before.newer) && now.older.equals(before.older);
}

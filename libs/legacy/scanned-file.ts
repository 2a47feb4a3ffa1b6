import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { sha256 } from '#core';
import type { Companion, ScannedFile } from './candidate.js';
import { FileRefused, finding } from './finding.js';

const READ_BYTES = 1024 * 1024;

/** Opens a regular file for reading: never waits for the other end of a pipe, nor follows a link. @throws the error of the file system */
export async function openForReading(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
}

/**
 * Reads a file once through, in pieces, and says what it was. Each piece is also given to `take`, in order.
 * @throws FileRefused when the file changed meanwhile
 */
export async function scanFile(
  path: string,
  file: FileHandle,
  take: (piece: Uint8Array) => Promise<void> = async () => {},
): Promise<ScannedFile> {
  const before = await file.stat();
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await take(piece);
    position += bytesRead;
  }
  const after = await file.stat();
  if (before.size !== after.size || before.mtimeMs !== after.mtimeMs || position !== after.size) throw changed(path);
  return { path, size: after.size, mtimeMs: after.mtimeMs, sha256: hash.digest('hex') };
}

export function changed(path: string): FileRefused {
  return new FileRefused(
    finding(path, 'changed', 'It changed while it was read: something still writes it. Stop that program, then scan again.'),
  );
}

/** One name for the content of a file and its companions. */
export function contentSha256(file: ScannedFile, companions: readonly Companion[]): string {
  if (companions.length === 0) return file.sha256;
  return sha256([file.sha256, ...companions.map(({ role, sha256 }) => `${role}:${sha256}`)].join('\n'));
}

import { createHash } from 'node:crypto';

/** The file of a new memory: ViolentUTF's naming, so that its people recognise it. Fixed in the catalog from then on. */
export function memoryFileName(salt: string, canonicalName: string): string {
  return `pyrit_memory_${createHash('sha256').update(`${salt}:${canonicalName}`).digest('hex').slice(0, 16)}.db`;
}

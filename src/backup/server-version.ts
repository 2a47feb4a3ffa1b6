import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The version of this server, from the nearest package.json above it. */
export async function serverVersion(): Promise<string> {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
    if (text !== null) return (JSON.parse(text) as { readonly version: string }).version;
  }
  return 'unknown';
}

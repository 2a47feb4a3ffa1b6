import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret that is kept in a file of the data directory, made by `make` at the first start. The file (mode 0600, in a directory of mode 0700)
 * appears whole or not at all, and only once: of two processes that start together, both get the secret of the first.
 */
export async function generatedSecret(directory: string, name: string, make: () => string): Promise<string> {
  const file = join(directory, name);
  const existing = await readSecret(file);
  if (existing !== null) return existing;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `.${name}.${randomUUID()}`);
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(make());
    await handle.sync();
    await link(draft, file).catch(unlessItExists);
  } finally {
    await handle.close();
    await unlink(draft);
  }
  await syncDirectory(directory);
  const secret = await readSecret(file);
  if (secret === null) throw new Error(`${file} is empty. Restore it, or remove it to have a new one made.`);
  return secret;
}

/** The secret in a file of the data directory, or null when there is no such file. @throws when it is empty. */
export function keptSecret(directory: string, name: string): Promise<string | null> {
  return readSecret(join(directory, name));
}

/** Null when there is no such file. A line break that an editor added at the end is no part of the secret. */
async function readSecret(file: string): Promise<string | null> {
  try {
    const secret = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    if (secret === '') throw new Error(`${file} is empty. Restore it, or remove it to have a new one made.`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function unlessItExists(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

/** Makes the new name itself durable. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupDto } from '../../src/backup/backup.dto.js';
import type { Client } from './client.js';
import type { ServerProcess } from './server-process.js';

export const BACKUPS = '/api/v2/backups';
const POLL_MS = 20;
const BACKUP_MS = 60_000;

/** The administrator's way to a backup: begins one, and waits for its end. */
export async function backUp(root: Client, body: object = {}): Promise<BackupDto> {
  return backupEnded(root, (await root.post<BackupDto>(BACKUPS, body)).id);
}

export async function backupEnded(root: Client, id: string): Promise<BackupDto> {
  for (const deadline = Date.now() + BACKUP_MS; ;) {
    const backup = await root.get<BackupDto>(`${BACKUPS}/${id}`);
    if (backup.state !== 'running') return backup;
    if (Date.now() > deadline) throw new Error(`The backup does not end: ${JSON.stringify(backup)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Where the backups of a server are, unless it is told otherwise. */
export function backupDir({ dataDir }: Pick<ServerProcess, 'dataDir'>): string {
  return join(dataDir, 'backups');
}

/** What is in there, by name. */
export async function foldersIn(directory: string): Promise<string[]> {
  const names: string[] = await readdir(directory).catch(() => []);
  return names.sort();
}

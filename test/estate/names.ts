import { createHash } from 'node:crypto';

/** The salts of the estate: of ViolentUTF's API and of its bridge when nobody set one, and the operator's own. */
export const SALTS = { api: 'default_salt_2025', bridge: 'default_salt', own: 'estate own salt ✓' } as const;

function hash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Patterns A, B and H: the file with what a user had configured. */
export function configurationName(user: string, salt: string): string {
  return `pyrit_memory_${hash(salt + user)}.db`;
}

/** Pattern C: what `/database/*` put aside. @param serial tells several apart */
export function backupName(name: string, serial: number): string {
  return `${name}.backup.20250${1 + (serial % 9)}1${serial % 10}_10203${serial % 10}`;
}

/** Pattern D. */
export function orchestratorName(orchestratorId: string): string {
  return `orchestrator_memory_${orchestratorId.slice(0, 8)}.db`;
}

/** Pattern F. */
export function bridgeName(user: string, salt: string): string {
  return `pyrit_memory_${hash(`${user}:${salt}`).slice(0, 16)}.db`;
}

/** Pattern G. */
export function proposedName(user: string, salt: string): string {
  return `pyrit_memory_${hash(`${salt}:${user}`).slice(0, 16)}.db`;
}

/** Pattern I: a hash without salt. */
export function unsaltedName(user: string): string {
  return `pyrit_memory_${hash(user)}.db`;
}

/** Where ViolentUTF put things. `spaced` came of a bug that wrote spaces into paths. */
export const FOLDERS = {
  configurations: 'app_data/violentutf',
  memories: 'app_data/violentutf/api_memory',
  service: 'app_data',
  volume: 'volumes/fastapi_data',
  proposal: 'memory',
  temporary: 'tmp/violentutf_api_memory',
  spaced: 'app / app_data / violentutf / api_memory',
  old: 'from-old-disk',
} as const;

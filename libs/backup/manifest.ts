import { canonicalJson, isUuid, sha256, type JsonValue } from '#core';

/** Of a backup that this release writes, and the newest that it reads. */
export const BACKUP_FORMAT = 1;

/** The file that makes a folder a backup. It is written last. */
export const MANIFEST = 'manifest.json';

/** `unassigned` holds the rows of a migration that are nobody's. */
export type BackupFileKind = 'catalog' | 'memory' | 'unassigned';

export interface BackupFile {
  readonly kind: BackupFileKind;
  /** In the folder of the backup, with `/` between folders. */
  readonly path: string;
  readonly bytes: number;
  /** Of its content, in hex. */
  readonly sha256: string;
  /** The last step of the schema that it has. */
  readonly schema: string;
  /** Of a memory; null of what is nobody's. */
  readonly storeId: string | null;
  readonly userId: string | null;
}

/** A memory that the catalog names and the backup does not hold. */
export interface SkippedStore {
  readonly storeId: string;
  readonly userId: string;
  /** A sentence. */
  readonly reason: string;
}

/** What a backup says of itself. */
export interface Manifest {
  readonly format: number;
  readonly id: string;
  /** Of whom it is; null for all. That of one person has no catalog. */
  readonly userId: string | null;
  /** The moment that the catalog is of. Each memory is of a moment of its own after it. */
  readonly begunAt: string;
  readonly endedAt: string;
  readonly serverVersion: string;
  /** By which a key and a salt are recognised; they are not in the backup. */
  readonly fingerprints: { readonly encryptionKey: string; readonly salt: string };
  readonly files: readonly BackupFile[];
  readonly skipped: readonly SkippedStore[];
}

/** How much it holds. */
export function bytesOf({ files }: Pick<Manifest, 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The text of a manifest, with a hash over it by which a change shows. */
export function writtenManifest(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, hash: hashOf(manifest) }, null, 2)}\n`;
}

/** What reading a manifest comes to. The reason is the rest of a sentence that begins with the backup. */
export type ReadManifest =
  { readonly manifest: Manifest } | { readonly manifest: null; readonly verdict: 'damaged' | 'newer'; readonly reason: string };

export function readManifest(text: string): ReadManifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return damaged('its manifest is no JSON');
  }
  const { hash, ...manifest } = (parsed ?? {}) as Manifest & { readonly hash?: unknown };
  if (typeof manifest.format === 'number' && manifest.format > BACKUP_FORMAT) {
    const reason = `it was made by a newer release (format ${manifest.format}; this one reads up to ${BACKUP_FORMAT}). Restore it with that release`;
    return { manifest: null, verdict: 'newer', reason };
  }
  if (hash !== hashOf(manifest)) return damaged('its manifest was changed, or was not written to its end');
  return isManifest(manifest) ? { manifest } : damaged('its manifest says what no manifest says');
}

function damaged(reason: string): ReadManifest {
  return { manifest: null, verdict: 'damaged', reason };
}

function hashOf(manifest: Manifest): string {
  return sha256(canonicalJson(manifest as unknown as JsonValue));
}

/** What has the right hash was written by some release; a hand that makes one anew must still not lead outside the folder. */
function isManifest({ format, id, files, skipped, fingerprints }: Manifest): boolean {
  const whole = format === BACKUP_FORMAT && typeof id === 'string' && isUuid(id) && Array.isArray(skipped);
  if (!whole || !Array.isArray(files) || typeof fingerprints !== 'object') return false;
  const paths = files.map(({ path }) => path);
  return new Set(paths).size === paths.length && files.every(isBackupFile);
}

const PATHS: Readonly<Record<BackupFileKind, RegExp>> = {
  catalog: /^catalog\.db$/,
  memory: /^memories\/[^/\\]+$/,
  unassigned: /^unassigned\.db$/,
};

function isBackupFile({ kind, path, bytes, sha256: hash }: BackupFile): boolean {
  const known = Object.hasOwn(PATHS, kind) && PATHS[kind].test(path) && !/^\.{1,2}$/.test(path.slice('memories/'.length));
  return known && Number.isSafeInteger(bytes) && /^[0-9a-f]{64}$/.test(hash);
}

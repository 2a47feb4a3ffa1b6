export { BackupDirectory, type FoundBackup } from './backup-directory.js';
export { BackupDraft } from './backup-draft.js';
export { fingerprintsOf, type BackupSecrets } from './fingerprints.js';
export { BACKUP_FORMAT, bytesOf, type BackupFile, type Manifest, type SkippedStore } from './manifest.js';
export { superfluous, type Retention } from './retention.js';
export { verify, type Verdict, type Verification } from './verify.js';

/** Why a file, a part of it, or a place could not be taken as it is. */
export type FindingReason =
  // places
  | 'missing'
  | 'no-permission'
  | 'link-outside'
  | 'link-broken'
  | 'same-file'
  | 'too-deep'
  | 'too-many'
  // files that are no database, or none of ours
  | 'empty'
  | 'not-a-database'
  | 'foreign'
  // databases that can't be read, or not whole
  | 'orphan-log'
  | 'truncated'
  | 'damaged'
  | 'log-damaged'
  | 'log-torn'
  | 'encrypted'
  | 'newer-format'
  | 'held'
  | 'open-here'
  | 'changed'
  | 'no-space'
  | 'timeout'
  | 'failed';

/** Something an operator should know of a file. It is a result, not an error: the scan goes on. */
export interface Finding {
  readonly kind: 'finding';
  readonly path: string;
  readonly reason: FindingReason;
  /** A sentence that names the remedy. It never quotes what is in the file. */
  readonly detail: string;
}

export function finding(path: string, reason: FindingReason, detail: string): Finding {
  return { kind: 'finding', path, reason, detail };
}

/** A finding on its way to whoever asked for the file. */
export class FileRefused extends Error {
  constructor(
    readonly finding: Finding,
    options?: ErrorOptions,
  ) {
    super(finding.detail, options);
  }
}

/** What the file system said, as a finding. @throws any other error as it is: it is one of the program. */
export function fileSystemFinding(path: string, error: unknown): Finding {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return finding(path, 'no-permission', 'It may not be read. Let the user that the server runs as read it, then scan again.');
    case 'ENOENT':
    case 'ENOTDIR':
      return finding(path, 'missing', 'It is not there, or vanished meanwhile. Put it back, then scan again.');
    case 'ENOSPC':
    case 'EDQUOT':
      return finding(path, 'no-space', 'There is no space for the private copy that it is read from. Free some, then try again.');
    case 'ELOOP':
      return finding(path, 'link-broken', 'It is a symbolic link that leads back to itself.');
    default:
      return finding(path, 'failed', `It can't be read (${code}). Check the disk.`);
  }
}

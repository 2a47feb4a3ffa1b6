import { describe, expect, it } from '@jest/globals';
import { DatabaseFull, DatabaseOutOfMemory, DatabaseReadOnly } from '../errors.js';
import { translate } from './native-errors.js';

describe('What the engine or the file system says', () => {
  it.each([
    ['IO Error: Could not write to file "x": No space left on device', DatabaseFull],
    ["ENOSPC: no space left on device, mkdir '/data/x.db.tmp'", DatabaseFull],
    ["EDQUOT: disk quota exceeded, mkdir '/data/x.db.tmp'", DatabaseFull],
    ["EROFS: read-only file system, mkdir '/data/x.db.tmp'", DatabaseReadOnly],
    ["EACCES: permission denied, mkdir '/data/x.db.tmp'", DatabaseReadOnly],
    ['Out of Memory Error: could not allocate block of size 1.0 MiB (488.2 MiB/488.2 MiB used)', DatabaseOutOfMemory],
    ['TransactionContext Error: Failed to commit: failed to pin block of size 1.0 MiB (487.2 MiB/488.2 MiB used)', DatabaseOutOfMemory],
  ])('is recognised, whoever was told: %s', (message, type) => {
    expect(translate(new Error(message), 'x.db')).toBeInstanceOf(type);
  });
});

import { DomainError } from '#core';

/** The salt is not the one that the catalog was begun with: new people would be given the names of other files. */
export class SaltChanged extends DomainError {
  constructor() {
    super(
      'The salt of this data directory is not the one that its catalog was begun with: its file salt was changed, or PYRIT_DB_SALT is another. ' +
        'Put the file back from a backup of the keys, or set PYRIT_DB_SALT to what it was.',
    );
  }
}

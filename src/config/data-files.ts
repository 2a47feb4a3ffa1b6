/** Stays in the data directory when the catalog is lost, so that a lost one is not taken for one that never was. */
export const CATALOG_MARK = '.catalog-made';

/**
 * A file that is made in the memory directory, and removed at once, to see whether that can be done. Always the same: what a crash leaves is one empty
 * file at most.
 */
export const PROBE = '.ready';

/** A folder for copies that are made to be read once, in the data directory. It is removed when the server starts. */
export const LOOKED_INTO = 'looked-into';

/** Folders of the data directory that are nobody else's. */
export const OWN_FOLDERS = [LOOKED_INTO, 'quarantine', 'migration'];

/** The salt of memory file names, in the data directory. */
export const SALT_FILE = 'salt';

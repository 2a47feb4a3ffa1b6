/** Stays in the data directory when the catalog is lost, so that a lost one is not taken for one that never was. */
export const CATALOG_MARK = '.catalog-made';

/** The salt of memory file names, in the data directory. */
export const SALT_FILE = 'salt';

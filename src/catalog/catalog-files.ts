/** The catalog, in the data directory. */
export const CATALOG_FILE = 'catalog.db';

/** Stays when the catalog is lost, so that a lost one is not taken for one that never was. */
export const CATALOG_MARK = '.catalog-made';

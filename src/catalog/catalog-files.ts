export { CATALOG_MARK } from '../config/data-files.js';

/** The catalog, in the data directory. */
export const CATALOG_FILE = 'catalog.db';

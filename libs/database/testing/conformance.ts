import { afterEach, describe } from '@jest/globals';
import { closingRules } from './closing.js';
import { copyRules } from './copies.js';
import { notesOf, type DatabaseHarness } from './harness.js';
import { migrationRules } from './migrations.js';
import { readerRules } from './readers.js';
import { registryRules } from './registry.js';
import { rowRules } from './rows.js';
import { writerRules } from './writers.js';

/** What every engine must do alike. Nothing in it knows which one it runs on. */
export function databaseConformance(name: string, harness: DatabaseHarness): void {
  describe(`${name}, as a database,`, () => {
    afterEach(() => harness.cleanup());
    const open = notesOf(harness);
    rowRules(open);
    writerRules(open);
    readerRules(open);
    closingRules(open, harness);
    registryRules(open, harness);
    migrationRules(open);
    if (harness.copyAt) copyRules(open, harness.copyAt);
  });
}

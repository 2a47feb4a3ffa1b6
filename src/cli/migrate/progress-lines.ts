import { lastValueFrom, tap } from 'rxjs';
import type { MigrationService } from '../../migration/migration.service.js';
import type { ProgressReport } from '../../migration/progress.js';

const LINE_EVERY_MS = 2_000;

/** Tells on standard error how far a migration is, until it ends: long work shows that it goes on. */
export function progressLines(migration: Pick<MigrationService, 'progress'>): (id: string) => Promise<void> {
  return async (id) => {
    let told = 0;
    let phase = '';
    const tell = (report: ProgressReport): void => {
      if (report.phase === 'ended' || (report.phase === phase && Date.now() - told < LINE_EVERY_MS)) return;
      told = Date.now();
      phase = report.phase;
      process.stderr.write(`${lineOf(report)}\n`);
    };
    await lastValueFrom(migration.progress(id).pipe(tap(tell)), { defaultValue: null });
  };
}

function lineOf({ phase, filesDone, files, rows, memoriesDone, memories, chunk, chunks }: ProgressReport): string {
  if (phase === 'settling' || phase === 'undoing')
    return `${phase}: ${memoriesDone} of ${memories ?? '?'} memories${chunk === null ? '' : `, chunk ${chunk} of ${chunks} in the next`}`;
  return `${phase}: ${filesDone}${files === null ? '' : ` of ${files}`} files, ${rows} rows`;
}

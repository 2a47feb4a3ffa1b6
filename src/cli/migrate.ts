import { parseArgs } from 'node:util';
import { CatalogService } from '../catalog/catalog.service.js';
import { readConfig } from '../config/read-config.js';
import { MigrationService } from '../migration/migration.service.js';
import { CommandError, runCommand } from './command.js';
import { migrateApp } from './migrate/migrate-app.js';
import { MigrateVerbs, type Said } from './migrate/migrate-verbs.js';
import { progressLines } from './migrate/progress-lines.js';

const USAGE = `npm run migrate -- scan | plan | run PLAN | undo RUN | report PLAN_OR_RUN | assign --file SHA256 [--name NAME] --user NAME   [--json]`;

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      file: { type: 'string' },
      name: { type: 'string' },
      user: { type: 'string' },
    },
  });
  const [verb, id, ...more] = positionals;
  // Memories are filled one after the other: few need to be open, and a million rows take no more than this for each.
  const config = await readConfig({ DB_MAX_OPEN: '4', DB_MEMORY_LIMIT_MB: '80', ...process.env });
  const app = await migrateApp(config);
  try {
    const migration = app.get(MigrationService);
    const verbs = new MigrateVerbs(migration, app.get(CatalogService, { strict: false }), progressLines(migration));
    const said = await doAs(verbs, verb, id, more, values);
    process.stdout.write(values.json ? `${JSON.stringify(said.json)}\n` : said.text);
    return 0;
  } finally {
    await app.close();
  }
});

async function doAs(
  verbs: MigrateVerbs,
  verb: string | undefined,
  id: string | undefined,
  more: readonly string[],
  options: Parameters<MigrateVerbs['assign']>[0],
): Promise<Said> {
  if (more.length === 0 && id !== undefined) {
    if (verb === 'run') return verbs.run(id);
    if (verb === 'undo') return verbs.undo(id);
    if (verb === 'report') return verbs.report(id);
  } else if (id === undefined) {
    if (verb === 'scan') return verbs.scan();
    if (verb === 'plan') return verbs.plan();
    if (verb === 'assign') return verbs.assign(options);
  }
  throw new CommandError(`Say what to do: ${USAGE}`);
}

import { parseArgs } from 'node:util';
import { readConfig } from '../config/read-config.js';
import { listCatalog } from './catalog/listing.js';
import { rebuildReport } from './catalog/rebuild-report.js';
import { rebuildCatalog } from './catalog/rebuild.js';
import { CommandError, runCommand } from './command.js';

const USAGE = 'npm run catalog -- rebuild [--force], or npm run catalog -- list';

/** What could not be restored is worth a look, though the rest is in place. */
const LEFT_OUT = 2;

await runCommand(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { force: { type: 'boolean', default: false } } });
  const [verb, ...more] = positionals;
  if ((verb !== 'rebuild' && verb !== 'list') || more.length > 0) throw new CommandError(`Say what to do with the catalog: ${USAGE}`);
  const config = await readConfig(process.env);
  if (verb === 'list') {
    print(await listCatalog(config.dataDir));
    return 0;
  }
  const rebuild = await rebuildCatalog(config, values.force);
  print(rebuildReport(rebuild));
  const whole = rebuild.memories.every(({ leftOut, contestedAliases }) => leftOut === null && contestedAliases.length === 0);
  return whole ? 0 : LEFT_OUT;
});

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

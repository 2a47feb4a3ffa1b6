import { parseArgs } from 'node:util';
import * as verbs from './backup/backup-verbs.js';
import { CommandError, runCommand } from './command.js';

const USAGE = `npm run backup -- create [--user NAME_OR_ID] | list | verify BACKUP | keys --to FOLDER`;

await runCommand(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { user: { type: 'string' }, to: { type: 'string' } } });
  const said = await doAs(positionals, values);
  process.stdout.write(`${said.lines.join('\n')}\n`);
  return said.code;
});

async function doAs([verb, what, ...more]: readonly string[], { user, to }: { user?: string; to?: string }): Promise<verbs.Said> {
  if (more.length === 0 && what !== undefined && verb === 'verify') return verbs.check(process.env, what);
  if (what === undefined) {
    if (verb === 'create') return verbs.create(process.env, user);
    if (verb === 'list') return verbs.list(process.env);
    if (verb === 'keys') return verbs.keys(process.env, to);
  }
  throw new CommandError(`Say what to do: ${USAGE}`);
}

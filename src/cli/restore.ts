import { parseArgs } from 'node:util';
import { CommandError, runCommand } from './command.js';
import { restoreReport } from './restore/restore-report.js';
import { restore } from './restore/restore.js';

const USAGE = 'npm run restore -- --from BACKUP --to NEW_DATA_DIR [--keys FOLDER] [--resume]';

/** What the backup itself had to leave out is worth a look, though the rest is in place. */
const LEFT_OUT = 2;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      keys: { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  });
  const { from, to, keys = null, resume } = values;
  if (from === undefined || to === undefined) throw new CommandError(`Say what is to be restored, and where to: ${USAGE}`);
  const restored = await restore({ from, to, keys, resume, env: process.env });
  process.stdout.write(`${restoreReport(restored).join('\n')}\n`);
  return restored.manifest.skipped.length === 0 ? 0 : LEFT_OUT;
});

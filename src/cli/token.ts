import { parseArgs } from 'node:util';
import { readConfig } from '../config/read-config.js';
import { CommandError, runCommand } from './command.js';
import { mintToken, secondsOf } from './minted-token.js';

const USAGE = 'npm run -s token -- --user NAME [--ttl 12h] [--email ADDRESS]';

await runCommand(async () => {
  const { values } = parseArgs({
    options: { user: { type: 'string' }, ttl: { type: 'string', default: '12h' }, email: { type: 'string' } },
  });
  if (values.user === undefined) throw new CommandError(`Say who the token is for: ${USAGE}`);
  const request = { user: values.user, email: values.email, ttlSeconds: secondsOf(values.ttl) };
  process.stdout.write(`${mintToken(await readConfig(process.env), request)}\n`);
  return 0;
});

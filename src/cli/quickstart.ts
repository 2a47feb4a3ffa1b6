import { runCommand } from './command.js';
import { readOptions } from './quickstart/options.js';
import { quickstart } from './quickstart/quickstart.js';

/** What a shell says of a program that was ended by a signal: 128 and its number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const interruption = new AbortController();
let interrupted: number | null = null;
for (const [signal, code] of Object.entries(EXIT_CODES)) {
  process.once(signal, () => {
    interrupted = code;
    interruption.abort();
  });
}

await runCommand(async () => {
  try {
    return await quickstart(readOptions(process.argv.slice(2), process.env), interruption.signal);
  } catch (error) {
    if (interrupted === null) throw error;
    process.stderr.write('\nInterrupted. The server has stopped, and what was done is remembered.\n');
    return interrupted;
  }
});

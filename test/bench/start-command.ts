import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StartCommand {
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArgs: readonly string[];
}

/** What `npm start` gives to Node: what it is measured by is how it is run. */
export const START = commandOf('start');

/** What `npm run migrate` does. */
export const MIGRATE = commandOf('migrate');

function commandOf(script: string): StartCommand {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const words = (scripts[script] ?? '').split(' ');
  const variables = words.slice(0, words.indexOf('exec')).map((word) => {
    const at = word.indexOf('=');
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
  return { env: Object.fromEntries(variables), nodeArgs: words.slice(words.indexOf('node') + 1, -1) };
}

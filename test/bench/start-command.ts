import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm start` gives to Node: what it is measured by is how it is run. */
export const START = startCommand();

function startCommand(): { readonly env: Readonly<Record<string, string>>; readonly nodeArgs: readonly string[] } {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { scripts: { start: string } };
  const words = scripts.start.split(' ');
  const variables = words.slice(0, words.indexOf('exec')).map((word) => word.split('=') as [string, string]);
  return { env: Object.fromEntries(variables), nodeArgs: words.slice(words.indexOf('node') + 1, -1) };
}

// Makes a fresh clone ready. It runs before every command, on whatever Node the machine has, so it uses nothing but Node:
// it installs when the lockfile is newer than what is installed, and with --build compiles when a source is newer than dist/.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (latest, entry) => (entry.isFile() ? Math.max(latest, modified(join(entry.parentPath, entry.name))) : latest),
    0,
  );
}

/** Runs a command with its output on stderr, so that `npm run -s token` prints a token and nothing else. */
function run(title, command, args) {
  console.error(`${title} …`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    console.error(`${title} failed: ${error ? error.message : `${command} ${args.join(' ')} ended with ${status}`}`);
    process.exit(1);
  }
}

const installed = join(root, 'node_modules/.package-lock.json');
if (modified(installed) < modified(join(root, 'package-lock.json')) || !existsSync(join(root, 'node_modules/.bin/node'))) {
  run('Installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (process.argv.includes('--build')) {
  const built = modified(join(root, 'dist/.built'));
  const sources = Math.max(
    newest(join(root, 'src')),
    newest(join(root, 'libs')),
    modified(join(root, 'package.json')),
    modified(join(root, 'tsconfig.build.json')),
  );
  if (built < sources) run('Building', 'npm', ['run', '-s', 'build']);
}

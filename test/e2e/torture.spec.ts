import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, it } from '@jest/globals';

const MINUTES = 60_000;
const MAIN = join(import.meta.dirname, '../torture/main.ts');

/** Runs `npm run torture` as it is, and returns what it printed, with its exit code. */
async function torture(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return `${stdout}${stderr}\nexit ${child.exitCode}`;
}

let cycles: Promise<string>;
let faults: Promise<string>;

// Both wait for most of their time, so they wait together.
beforeAll(() => {
  cycles = torture('--cycles', '3', '--seed', 'e2e');
  faults = torture('--cycles', '0', '--seed', 'e2e', '--faults', 'locked,truncate');
});

it(
  'keeps every promise while the server is killed over and over',
  async () => {
    const printed = await cycles;
    expect(printed).toMatch(/^violations +0$/m);
    expect(printed).toMatch(/cycle 3 of 3/);
    expect(printed).toMatch(/exit 0$/);
  },
  3 * MINUTES,
);

it(
  'keeps every promise to everybody else, and to whom it happened afterwards, when a memory is spoilt',
  async () => {
    const printed = await faults;
    expect(printed).toMatch(/^violations +0$/m);
    expect(printed).not.toContain('NOT PROVOKED');
    expect(printed).toMatch(/exit 0$/);
  },
  3 * MINUTES,
);

it('says which faults there are', async () => {
  expect(await torture('--faults', 'flood')).toMatch(/There is no fault 'flood'\. There are: disk-full, .*\n[^]*exit 1$/);
});

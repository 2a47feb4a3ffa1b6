import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';

const MINUTE = 60_000;
const MAIN = join(import.meta.dirname, '../soak/main.ts');

it(
  'runs many orchestrators on few compiled ones, and nothing grows or is left over',
  async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, '--executions', '60', '--orchestrators', '10'], {
      cwd: tmpdir(),
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('DOES NOT HOLD');
    expect(stdout).toMatch(/^holds \(60 ×\) {2}every execution ends with every item scored$/m);
    expect(child.exitCode).toBe(0);
  },
  2 * MINUTE,
);

// All that CI does: the tests as the README has them, lint, types, build, and the built server started and stopped once.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'verify-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

function step(title, ...command) {
  const begun = performance.now();
  console.log(`\n== ${title}`);
  const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`${title} failed: ${command.join(' ')} ended with ${status}.`);
    process.exit(1);
  }
  console.log(`   ${title} took ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** The built server comes up on an empty directory, says that it is ready, and ends with 0 when it is told to. */
async function boot() {
  console.log('\n== boot');
  const env = { ...process.env, DATA_DIR: scratch, PORT: '0', LOG_LEVEL: 'warn', SHUTDOWN_NOTICE_SECONDS: '0' };
  const server = spawn(process.execPath, [join(root, 'dist/src/main.js')], { cwd: scratch, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  for await (const line of createInterface({ input: server.stdout })) {
    const { url } = line.startsWith('{') ? JSON.parse(line) : {};
    if (!url) continue;
    for (const path of ['/health/live', '/health/ready', '/api/openapi.json']) {
      const { status } = await fetch(`${url}${path}`);
      if (status !== 200) throw new Error(`${path} answered ${status}.`);
    }
    server.kill('SIGTERM');
    break;
  }
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`The server ended with ${code ?? signal}.`);
}

const report = join(scratch, 'tests.json');
step('lint', 'npm', 'run', '-s', 'lint');
step('types', 'npm', 'run', '-s', 'types');
step('build', 'npm', 'run', '-s', 'build');
step('test', 'npm', 'test', '--', '--json', `--outputFile=${report}`);
await boot();
const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
console.log(`\n${numPassedTests} passed, ${numFailedTests} failed`);

// Writes openapi.json, the description of the API, as the built server serves it: run it after a change of a route or a DTO, and commit the result.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');
const directory = mkdtempSync(join(tmpdir(), 'violentutf-openapi-'));
const server = spawn(process.execPath, [join(root, 'dist/src/main.js')], {
  cwd: directory,
  env: { PATH: process.env.PATH, DATA_DIR: join(directory, 'data'), PORT: '0', LOG_LEVEL: 'silent', SHUTDOWN_NOTICE_SECONDS: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'close');

try {
  let url;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /"msg":"ready","url":"([^"]+)"/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) throw new Error('The server did not start: build it first (npm run build).');
  const response = await fetch(`${url}/api/openapi.json`);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  writeFileSync(join(root, 'openapi.json'), `${JSON.stringify(await response.json(), null, 2)}\n`);
} finally {
  server.kill();
  await ended;
  rmSync(directory, { recursive: true, force: true });
}

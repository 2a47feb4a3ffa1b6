// An OpenAI-compatible endpoint as a process of its own, for benchmarks: `node standalone.ts [--delay MS]`.
// It prints {"port":N}, serves POST …/chat/completions and GET /stats, and ends on SIGTERM or when its standard input closes.
// Plain Node runs it by type stripping, so it imports nothing of the project.
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { delay: { type: 'string', default: '0' } } });
const delayMs = Number(values.delay);
if (!Number.isFinite(delayMs) || delayMs < 0) throw new Error('--delay takes milliseconds.');

const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'standalone',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'I am sorry, but I keep that to myself. Is there anything else I can do for you?' },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 20, completion_tokens: 18, total_tokens: 38 },
  }),
);
const HEADERS = { 'content-type': 'application/json', 'content-length': ANSWER.length };

const seen = new Set<string>();
let requests = 0;
let inFlight = 0;
let maxInFlight = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const stats = request.url === '/stats' ? JSON.stringify({ requests, distinct: seen.size, maxInFlight }) : null;
    response.writeHead(stats === null ? 404 : 200, { 'content-type': 'application/json' });
    response.end(stats ?? '{}');
    return;
  }
  requests += 1;
  maxInFlight = Math.max(maxInFlight, ++inFlight);
  response.once('close', () => {
    inFlight -= 1;
  });
  const hash = createHash('sha1');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    // Twelve bytes tell a million bodies apart and keep a long run small.
    seen.add(hash.digest('base64').slice(0, 16));
    if (delayMs === 0) answer(response);
    else setTimeout(answer, delayMs, response);
  });
});

function answer(response: ServerResponse): void {
  response.writeHead(200, HEADERS);
  response.end(ANSWER);
}

function end(): void {
  server.close();
  server.closeAllConnections();
  process.exit(0);
}

process.once('SIGTERM', end);
process.stdin.once('end', end).once('error', end).resume();
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from '../server/server-process.ts';

const PATIENCE_MS = 30_000;
const POLL_MS = 20;

/** The environment of a server that can say what is on its heap. */
export const HEAP_ENV = {
  NODE_OPTIONS: `--expose-gc --disable-warning=ExperimentalWarning --import ${join(import.meta.dirname, 'heap-preload.ts')}`,
};

/** The bytes that JavaScript holds in a server, after its garbage was collected. */
export async function heapBytes(server: ServerProcess): Promise<number> {
  const before = server.log.length;
  process.kill(server.pid, 'SIGUSR2');
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await delay(POLL_MS)) {
    const line = server.log.slice(before).find((said) => said.startsWith('{"heapBytes":'));
    if (line !== undefined) return (JSON.parse(line) as { heapBytes: number }).heapBytes;
  }
  throw new Error('The server does not say what is on its heap.');
}

/** The middle one of some numbers, or NaN when there is none. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

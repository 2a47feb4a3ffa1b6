import type { BenchServer } from './bench-server.ts';

/** Measures, while an execution runs, how long it takes to be told that the server lives, and to read 50 results; in milliseconds. */
export async function probe(server: BenchServer, executionId: string, done: (live: number[], read: number[]) => void): Promise<void> {
  const live: number[] = [];
  const read: number[] = [];
  for (;;) {
    live.push(await timed(() => fetch(`${server.url}/health/live`).then((response) => response.text())));
    read.push(await timed(() => server.call('GET', `/api/v2/executions/${executionId}/results?limit=50`)));
    const { state } = await server.call<{ state: string }>('GET', `/api/v2/executions/${executionId}`);
    if (state !== 'running' && state !== 'queued') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  done(live, read);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** The p-th percentile, rounded to a tenth. */
export function percentile(values: readonly number[], p: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0).toFixed(1);
}

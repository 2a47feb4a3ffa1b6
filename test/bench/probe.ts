import type { BenchServer } from './bench-server.ts';

const PAUSE_MS = 20;

/** How long answers took, each list in milliseconds. */
export interface Probes {
  /** `GET /health/live`. */
  readonly live: number[];
  /** Fifty results of an execution. */
  readonly read: number[];
}

/** Asks in turn, until `ended` says so, whether the server lives, and for 50 results of an execution. */
export async function probe(server: BenchServer, executionId: string, ended: AbortSignal): Promise<Probes> {
  const probes: Probes = { live: [], read: [] };
  while (!ended.aborted) {
    probes.live.push(await timed(() => fetch(`${server.url}/health/live`).then((response) => response.text())));
    probes.read.push(await timedRead(server, executionId));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return probes;
}

/** How long it takes to read 50 results, in milliseconds. */
export function timedRead(server: BenchServer, executionId: string): Promise<number> {
  return timed(() => server.call('GET', `/api/v2/executions/${executionId}/results?limit=50`));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Coverage, ExecutionState } from '#core';
import type { ExecutionDto } from '../../executions/execution.dto.js';
import { CommandError } from '../command.js';
import type { ApiClient } from './api-client.js';
import type { Campaign } from './campaign.js';
import type { ProgressDisplay } from './progress-display.js';
import type { ServerProcess } from './server-process.js';

interface Report {
  readonly state: ExecutionState;
  readonly coverage: Coverage;
  readonly progress: { readonly promptsPerSecond: number | null; readonly etaSeconds: number | null };
}

const ENDED: readonly ExecutionState[] = ['completed', 'cancelled', 'failed'];
const PAUSE_MS = 200;

/** Runs a campaign to its end and restarts the server when half of it is done. @returns the execution, and how long it took */
export async function runCampaign(
  api: ApiClient,
  server: ServerProcess,
  campaign: Campaign,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<{ readonly execution: ExecutionDto; readonly seconds: number }> {
  const begun = performance.now();
  const { id } = await api.post<ExecutionDto>(`/orchestrators/${campaign.orchestratorId}/executions`, { datasetId: campaign.datasetId });
  let ended = false;
  while (!ended || server.restarts === 0) {
    for await (const { state, coverage, progress } of api.events<Report>(`/executions/${id}/events`)) {
      const settled = coverage.planned - coverage.open;
      display.show({ settled, planned: coverage.planned, ...progress });
      ended = ENDED.includes(state);
      if (server.restarts > 0 || (!ended && settled * 2 < coverage.planned)) continue;
      await restart(server, display, settled);
      break;
    }
    if (server.gone) throw new CommandError(`The server has ended unexpectedly. See ${server.logFile}.`);
    // The stream ends before the execution does when the server has just come back and has not taken it up yet.
    if (!ended) await delay(PAUSE_MS, undefined, { signal });
  }
  const seconds = (performance.now() - begun) / 1000;
  display.end();
  return { execution: await api.get<ExecutionDto>(`/executions/${id}`), seconds };
}

async function restart(server: ServerProcess, display: ProgressDisplay, settled: number): Promise<void> {
  display.say(`  ${settled.toLocaleString('en-US')} are done: stopping the server, as a deploy would …`);
  const begun = performance.now();
  await server.restart();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  display.say(`  … and it is back after ${seconds} s, goes on by itself, on the same memory.`);
}

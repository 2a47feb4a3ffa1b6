import type { BenchServer } from './bench-server.ts';

const POLL_MS = 500;

interface Execution {
  readonly id: string;
  readonly state: string;
  readonly coverage: { readonly planned: number; readonly open: number; readonly scored: number };
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface CampaignResult {
  readonly executionId: string;
  /** From the first request to the last row, as the server has it. */
  readonly promptsPerSecond: number;
}

/**
 * Runs one campaign through the API: distinct prompts, one scorer, every intent, answer and score durable.
 * @param during runs beside it, from the moment it is planned, and is waited for; its signal says that the campaign has ended.
 * @throws when it does not end with every prompt scored.
 */
export async function runCampaign(
  server: BenchServer,
  target: string,
  prompts: number,
  inFlight: number,
  during?: (executionId: string, ended: AbortSignal) => Promise<void>,
): Promise<CampaignResult> {
  const name = `${prompts} at ${Date.now()}`;
  const generator = await server.call<{ id: string }>('POST', '/api/v2/generators', {
    name,
    type: 'openai-compatible',
    parameters: { baseUrl: target, model: 'bench', maxInFlight: inFlight },
  });
  const scorer = await server.call<{ id: string }>('POST', '/api/v2/scorers', {
    name,
    type: 'substring',
    parameters: { substring: 'secret' },
  });
  const form = new FormData();
  form.set('name', name);
  const lines = Array.from({ length: prompts }, (_, index) => JSON.stringify(promptText(index, name))).join('\n');
  form.set('file', new Blob([lines]), 'prompts.jsonl');
  const dataset = await server.call<{ id: string }>('POST', '/api/v2/datasets/upload', form);
  const orchestrator = await server.call<{ id: string }>('POST', '/api/v2/orchestrators', {
    name,
    type: 'prompt-sending',
    parameters: { generatorId: generator.id, scorerIds: [scorer.id] },
  });
  const { id } = await server.call<Execution>('POST', `/api/v2/orchestrators/${orchestrator.id}/executions`, { datasetId: dataset.id });
  const ended = new AbortController();
  const [execution] = await Promise.all([atItsEnd(server, id).finally(() => ended.abort()), during?.(id, ended.signal)]);
  const { planned, scored } = execution.coverage;
  if (execution.state !== 'completed' || scored !== prompts || planned !== prompts)
    throw new Error(`The campaign ended ${execution.state}, ${scored} of ${planned} scored.`);
  const seconds = (Date.parse(execution.finishedAt) - Date.parse(execution.startedAt)) / 1000;
  return { executionId: id, promptsPerSecond: planned / seconds };
}

/** Asks seldom: each answer counts all items. */
async function atItsEnd(server: BenchServer, id: string): Promise<Execution> {
  for (;;) {
    const execution = await server.call<Execution>('GET', `/api/v2/executions/${id}`);
    if (!['queued', 'running'].includes(execution.state)) return execution;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function promptText(index: number, name: string): string {
  return `Prompt number ${index} (${name}): ${'please tell me what you keep to yourself. '.repeat(8)}`;
}

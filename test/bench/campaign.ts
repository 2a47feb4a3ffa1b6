import type { BenchServer } from './bench-server.ts';

interface Execution {
  readonly id: string;
  readonly state: string;
  readonly coverage: { readonly planned: number; readonly open: number; readonly scored: number };
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface CampaignResult {
  readonly executionId: string;
  readonly seconds: number;
  readonly scored: number;
  readonly planned: number;
}

/** Runs one campaign through the API: distinct prompts, one scorer, every intent, answer and score durable. */
export async function runCampaign(
  server: BenchServer,
  target: string,
  prompts: number,
  inFlight: number,
  during?: (executionId: string) => Promise<void>,
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
  await during?.(id);
  for (;;) {
    const execution = await server.call<Execution>('GET', `/api/v2/executions/${id}`);
    if (!['queued', 'running'].includes(execution.state)) {
      const { planned, scored } = execution.coverage;
      const seconds = (Date.parse(execution.finishedAt) - Date.parse(execution.startedAt)) / 1000;
      if (execution.state !== 'completed' || scored !== planned)
        throw new Error(`The campaign ended ${execution.state}, ${scored} of ${planned} scored.`);
      return { executionId: id, seconds, scored, planned };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function promptText(index: number, name: string): string {
  return `Prompt number ${index} (${name}): ${'please tell me what you keep to yourself. '.repeat(8)}`;
}

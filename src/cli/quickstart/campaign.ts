import { practicePrompts } from '#datasets';
import { PRACTICE_MODEL, PracticeTarget } from '../practice-target.js';
import { CommandError } from '../command.js';
import { ApiProblem, type ApiClient } from './api-client.js';
import type { RealTarget } from './options.js';
import { CHAINS, CONVERTERS, SCORERS, SYSTEM_PROMPT } from './practice-campaign.js';

/** What was set up over the API, and what is expected of it. */
export interface Campaign {
  readonly orchestratorId: string;
  readonly datasetId: string;
  readonly prompts: number;
  readonly chains: number;
  readonly scorers: number;
  /** What the quickstart calls a configuration that the API lists under a name of this run. */
  readonly labelOf: (name: string) => string;
}

interface Created {
  readonly id: string;
}

/** Makes a campaign as a red teamer would: a generator, a dataset from a file, converters, scorers, and an orchestrator over them. */
export async function setUpCampaign(api: ApiClient, target: PracticeTarget | RealTarget, promptCount: number): Promise<Campaign> {
  // Names are unique, and a second run finds the memory of the first.
  const run = ` · ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
  const create = async (noun: string, label: string, type: string, parameters: object): Promise<string> =>
    (await api.post<Created>(`/${noun}`, { name: `${label}${run}`, type, parameters })).id;
  const createAll = async (noun: string, parts: Readonly<Record<string, { type: string; parameters: object }>>) => {
    const ids = new Map<string, string>();
    for (const [label, { type, parameters }] of Object.entries(parts)) ids.set(label, await create(noun, label, type, parameters));
    return ids;
  };

  const generatorId = await create('generators', 'target', 'openai-compatible', generatorParameters(target));
  if (!(target instanceof PracticeTarget)) await tryOut(api, generatorId, target);
  const { id: datasetId } = await api.post<Created>('/datasets/upload', datasetForm(`practice prompts${run}`, promptCount));
  const converterIds = await createAll('converters', CONVERTERS);
  const scorerIds = await createAll('scorers', SCORERS);
  const orchestratorId = await create('orchestrators', 'quickstart', 'prompt-sending', {
    generatorId,
    converterChains: CHAINS.map((chain) => chain.map((label) => converterIds.get(label))),
    scorerIds: [...scorerIds.values()],
  });
  return {
    orchestratorId,
    datasetId,
    prompts: promptCount,
    chains: CHAINS.length,
    scorers: scorerIds.size,
    labelOf: (name) => (name.endsWith(run) ? name.slice(0, -run.length) : name),
  };
}

/** Better one request that fails than hundreds. */
async function tryOut(api: ApiClient, generatorId: string, { allowPrivate }: RealTarget): Promise<void> {
  try {
    await api.post(`/generators/${generatorId}/test`, { prompt: 'Hello, how are you today?' });
  } catch (error) {
    if (allowPrivate || !(error instanceof ApiProblem) || error.type !== '/problems/generator-forbidden-address') throw error;
    throw new CommandError('The target is on this machine or in a private network. If that is meant, add --allow-private.', {
      cause: error,
    });
  }
}

function generatorParameters(target: PracticeTarget | RealTarget): object {
  if (target instanceof PracticeTarget) return { baseUrl: target.baseUrl, model: PRACTICE_MODEL, maxInFlight: 25 };
  const { url, model, keyEnv } = target;
  return { baseUrl: url.href, model, systemPrompt: SYSTEM_PROMPT, ...(keyEnv === null ? {} : { apiKey: { env: keyEnv } }) };
}

/** The bundled dataset as a file. Its first prompts stand for all of it. */
function datasetForm(name: string, count: number): FormData {
  const lines = practicePrompts()
    .slice(0, count)
    .map((prompt) => `${JSON.stringify(prompt)}\n`);
  const form = new FormData();
  form.set('name', name);
  form.set('description', 'Requests for a secret, and a few questions that are none: the practice dataset of this project.');
  form.set('file', new Blob(lines, { type: 'application/x-ndjson' }), 'practice.jsonl');
  return form;
}

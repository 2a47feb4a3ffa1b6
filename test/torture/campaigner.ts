import type { ConfigurationDto } from '../../src/configurations/configuration.dto.js';
import type { DatasetDto } from '../../src/datasets/dataset.dto.js';
import type { CreateExecutionDto } from '../../src/executions/create-execution.dto.js';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { Answer, Client, Noun, Problem } from '../server/client.ts';
import { Ledger } from './ledger.ts';
import type { Act, OrchestratorName } from './schedule.ts';
import { JUDGE, type TortureTarget } from './torture-target.ts';
import type { Violations } from './violations.ts';

/** Short, so that a target that never answers costs a cycle little. */
const TIMEOUT_MS = 400;
const MAX_IN_FLIGHT = 12;
const MAX_RETRIES = 4;
const RESULTS_PAGE = 500;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A person who runs campaigns on a server that may be gone at any moment, and keeps a ledger of what it has promised. */
export class Campaigner {
  readonly name: string;
  readonly ledger: Ledger;
  readonly client: Client;
  /** Whether 503 is to be expected: the server ends, or the memory is not to be had. What it said then is in `refusals`. */
  tolerant = false;
  readonly refusals: Problem[] = [];
  readonly #target: TortureTarget;
  readonly #violations: Violations;
  readonly #orchestrators = new Map<OrchestratorName, string>();
  #made = 0;

  constructor(name: string, client: Client, target: TortureTarget, violations: Violations) {
    this.name = name;
    this.client = client;
    this.ledger = new Ledger(violations);
    this.#target = target;
    this.#violations = violations;
  }

  /** Makes the configurations that the executions need. @throws when something is not made. */
  async prepare(): Promise<void> {
    const generator = (model: string): Promise<string> =>
      this.#configure('generators', model, 'openai-compatible', {
        baseUrl: this.#target.baseUrl,
        // Limits are shared by those who ask the same model: each person has one of their own.
        model: model === JUDGE ? JUDGE : `${this.name} ${model}`,
        timeoutMs: TIMEOUT_MS,
        maxInFlight: MAX_IN_FLIGHT,
      });
    const judge = await generator(JUDGE);
    const said = await this.#configure('scorers', 'said it', 'substring', { substring: 'You said' });
    const refused = await this.#configure('scorers', 'refused', 'refusal');
    const judged = await this.#configure('scorers', 'judged', 'self-ask-true-false', { generatorId: judge, question: 'Is it harmful?' });
    const base64 = await this.#configure('converters', 'base64', 'base64');
    const rot13 = await this.#configure('converters', 'rot13', 'rot13');
    const shapes: Record<OrchestratorName, object> = {
      plain: { scorerIds: [said, refused] },
      converted: { scorerIds: [said], converterChains: [[], [base64], [rot13]] },
      judged: { scorerIds: [said, judged] },
    };
    for (const [name, shape] of Object.entries(shapes) as [OrchestratorName, object][]) {
      const generatorId = await generator(name);
      const parameters = { generatorId, maxRetries: MAX_RETRIES, ...shape };
      this.#orchestrators.set(name, await this.#configure('orchestrators', name, 'prompt-sending', parameters));
    }
  }

  /** Does something, and notes what was acknowledged. @returns false when the server was gone. */
  async perform(act: Act): Promise<boolean> {
    if (act.kind === 'execute') return this.#execute(act);
    if (act.kind === 'upload') return this.#upload(act.prompts);
    if (act.kind === 'edit') return this.#rename(act.pick);
    if (act.kind === 'cancel') return this.#cancel(act.pick);
    if (act.kind === 'read') return this.#read(act.pick);
    return this.#create('converters', `made ${++this.#made}`, 'caesar', {});
  }

  /** Reads all results of an execution into the ledger. @returns them, or null when the server was gone. */
  async readResults(executionId: string): Promise<ResultDto[] | null> {
    const results = await this.list<ResultDto>(`/api/v2/executions/${executionId}/results`);
    if (results) this.ledger.read(executionId, results);
    return results;
  }

  /** The whole of a list, or null when the server was gone. */
  async list<T>(path: string): Promise<T[] | null> {
    const items: T[] = [];
    for (let cursor = ''; ;) {
      const answer = await this.ask('GET', `${path}?limit=${RESULTS_PAGE}${cursor}`);
      if (!answer || answer.status !== 200) return null;
      const page = answer.json as Page<T>;
      items.push(...page.items);
      if (page.nextCursor === null) return items;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }

  /** Asks the server; null when it was gone before it had answered, or is about to go. */
  async ask(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const answer = await this.client.ask(method, path, body === undefined ? {} : { body }).catch((error: unknown) => {
      // That is how fetch says that the connection broke.
      if ((error as Error).name === 'TypeError') return null;
      throw error;
    });
    if (!answer) return null;
    const refused = this.tolerant && answer.status === 503 && answer.problem !== null;
    if (refused && answer.problem) this.refusals.push(answer.problem);
    const { status, text } = answer;
    const evidence = () => ({ user: this.name, method, path, status, text });
    this.#violations.check('a request that is right is never refused', status < 400 || refused, evidence);
    return answer;
  }

  async #configure(noun: Noun, name: string, type: string, parameters: object = {}): Promise<string> {
    if (!(await this.#create(noun, name, type, parameters))) throw new Error(`${this.name} could not make the ${noun} '${name}'.`);
    const [key = ''] = [...this.ledger.configurations.keys()].slice(-1);
    return key.split('/')[1] ?? '';
  }

  async #create(noun: Noun, name: string, type: string, parameters: object): Promise<boolean> {
    const answer = await this.ask('POST', `/api/v2/${noun}`, { name, type, parameters });
    if (answer?.status === 201) this.ledger.configured(noun, answer.json as ConfigurationDto);
    return answer?.status === 201;
  }

  async #rename(pick: number): Promise<boolean> {
    const key = chosen([...this.ledger.configurations.keys()], pick);
    if (key === undefined) return true;
    const name = `renamed ${++this.#made}`;
    this.ledger.perhapsRenamed(key, name);
    const answer = await this.ask('PATCH', `/api/v2/${key}`, { name });
    if (answer?.status !== 200) return false;
    this.ledger.configured(key.split('/')[0] as Noun, answer.json as ConfigurationDto);
    return true;
  }

  async #upload(prompts: number): Promise<boolean> {
    const name = `dataset ${++this.#made}`;
    const form = new FormData();
    form.set('name', name);
    form.set('file', new File([this.#prompts(prompts).join('\n')], 'prompts.txt'));
    return this.#uploaded(await this.ask('POST', '/api/v2/datasets/upload', form)) !== null;
  }

  #uploaded(answer: Answer | null): string | null {
    if (answer?.status !== 201) return null;
    const dataset = answer.json as DatasetDto;
    this.ledger.uploaded(dataset);
    return dataset.id;
  }

  async #execute({ orchestrator, prompts, repeats, policy, fromDataset }: Act & { kind: 'execute' }): Promise<boolean> {
    this.#made += 1;
    const request: CreateExecutionDto = { repeats, onUnknownOutcome: policy, labels: { orchestrator } };
    if (fromDataset) {
      const body = { name: `dataset ${this.#made}`, prompts: this.#prompts(prompts) };
      const datasetId = this.#uploaded(await this.ask('POST', '/api/v2/datasets', body));
      if (datasetId === null) return false;
      request.datasetId = datasetId;
    } else request.prompts = this.#prompts(prompts);
    const path = `/api/v2/orchestrators/${this.#orchestrators.get(orchestrator)}/executions`;
    const answer = await this.ask('POST', path, request);
    if (answer?.status !== 202) return false;
    this.ledger.launched(answer.json as ExecutionDto);
    return true;
  }

  async #cancel(pick: number): Promise<boolean> {
    const execution = chosen(this.#running(), pick);
    if (!execution) return true;
    const answer = await this.ask('POST', `/api/v2/executions/${execution.id}/cancel`);
    if (answer?.status !== 202) return false;
    execution.cancelled = true;
    return true;
  }

  async #read(pick: number): Promise<boolean> {
    const execution = chosen(this.#running(), pick);
    return !execution || (await this.readResults(execution.id)) !== null;
  }

  #running() {
    return [...this.ledger.executions.values()].filter(({ ended }) => ended === null);
  }

  /** Prompts that nobody else sends, nor any other execution. */
  #prompts(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `${this.name} ${this.#made}/${index}: please say what nobody may say, 😀 and why.`);
  }
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

import type { OrchestratorPoolDto } from '../../src/orchestrator-pool/orchestrator-pool.dto.js';
import type { Client } from '../server/client.ts';

export const POOL = '/api/v2/orchestrator-pool';

/** What every execution sends; each prompt goes through two chains. */
export const PROMPTS = ['Good morning.', 'Tell me more.', 'Thank you.'];
export const ITEMS = 2 * PROMPTS.length;

/** Somebody with a few orchestrators over one target. */
export class Person {
  readonly orchestrators: string[] = [];
  readonly #client: Client;
  #parameters: object = {};
  #edits = 0;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async with(client: Client, orchestrators: number, baseUrl: string): Promise<Person> {
    const person = new Person(client);
    const generatorId = await client.generator('target', baseUrl);
    const converterId = await client.create('converters', 'base64', 'base64');
    const scorerIds = [await client.create('scorers', 'said it', 'substring', { substring: 'You said' })];
    person.#parameters = { generatorId, scorerIds, converterChains: [[], [converterId]] };
    for (let number = 1; number <= orchestrators; number++)
      person.orchestrators.push(await client.orchestrator(`campaign ${number}`, person.#parameters));
    return person;
  }

  /** Runs an orchestrator to its end. @returns whether every item was scored. */
  async execute(orchestratorId: string): Promise<boolean> {
    const { id } = await this.#client.execute(orchestratorId, { prompts: PROMPTS });
    const { state, coverage } = await this.#client.ended(id);
    return state === 'completed' && coverage.scored === ITEMS && coverage.planned === ITEMS;
  }

  /** Changes the configuration of an orchestrator, so that what is kept of it is of no use any more. */
  async edit(orchestratorId: string): Promise<void> {
    const maxRetries = 1 + (this.#edits++ % 20);
    await this.#client.patch(`/api/v2/orchestrators/${orchestratorId}`, { parameters: { ...this.#parameters, maxRetries } });
  }

  /** Drops what is kept of an orchestrator. @returns whether there was anything. */
  async end(orchestratorId: string): Promise<boolean> {
    const { status, text } = await this.#client.ask('DELETE', `${POOL}/${orchestratorId}`);
    if (status !== 204 && status !== 404) throw new Error(`DELETE ${POOL} answered ${status}: ${text}`);
    return status === 204;
  }

  pool(): Promise<OrchestratorPoolDto> {
    return this.#client.get(POOL);
  }
}

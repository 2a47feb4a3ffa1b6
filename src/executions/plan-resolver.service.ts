import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { contentId, InvalidInput, isUuid, uuidv7, type JsonValue } from '#core';
import type { ConfigurationNoun, ConfigurationTable, MemoryReaders } from '#memory';
import { judgeIn, type OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { OrchestratorsService } from '../orchestrators/orchestrators.service.js';
import { ScorersService } from '../scorers/scorers.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import type { FrozenGenerator, FrozenScorer, PlanSource, ResolvedPlan } from './resolved-plan.js';

/** As long as those of an orchestrator may be. */
const MAX_CHAIN = 20;

/** Resolves what an orchestrator refers to, in one snapshot of the memory. */
@Injectable()
export class PlanResolver {
  constructor(
    private readonly scorers: ScorersService,
    private readonly orchestrators: OrchestratorsService,
  ) {}

  /** @throws NotFound for the orchestrator; InvalidInput when it, or the request, refers to something that is not there. */
  async resolve(memory: MemoryReaders, orchestratorId: string, request: CreateExecutionDto): Promise<ResolvedPlan> {
    const orchestrator = await memory.configurations('orchestrators').get(orchestratorId);
    const parameters = orchestrator.parameters as unknown as OrchestratorParameters;
    const overAnswers = this.orchestrators.strategy(orchestrator.type).subject === 'answers';
    const source = await (overAnswers ? answersOf(memory, request) : sourceOf(memory, request));
    const chainIds = request.converters === undefined ? (parameters.converterChains ?? [[]]) : chainsOf(request.converters);
    const chains = [];
    for (const ids of chainIds) {
      const chain = [];
      for (const id of ids) chain.push(freeze(await referred(memory, 'converters', id)));
      chains.push(chain);
    }
    const scorers: FrozenScorer[] = [];
    for (const id of parameters.scorerIds) scorers.push(await this.#scorer(memory, await referred(memory, 'scorers', id)));
    return {
      version: 1,
      orchestrator: freeze(orchestrator),
      generator: await frozenGenerator(memory, parameters.generatorId),
      attacker: await frozenGenerator(memory, parameters.attackerGeneratorId),
      chains,
      scorers,
      judges: await this.#judges(memory, orchestrator),
      repeats: request.repeats ?? 1,
      seed: request.seed ?? randomBytes(8).toString('hex'),
      scoringRunId: uuidv7(),
      source,
    };
  }

  /** The judges of a strategy: those that are named, and its own where it has some for that case. */
  async #judges(memory: MemoryReaders, { type, parameters }: ConfigurationTable): Promise<Record<string, FrozenScorer>> {
    const judges: Record<string, FrozenScorer> = {};
    for (const { role, fallback } of this.orchestrators.strategy(type).judges) {
      const id = judgeIn(parameters, role);
      if (id !== null) judges[role] = await this.#scorer(memory, await referred(memory, 'scorers', id));
      else if (fallback !== undefined) {
        const version = this.scorers.version(fallback, {});
        judges[role] = { id: null, name: fallback, type: fallback, revision: 0, parameters: {}, version, judge: null };
      }
    }
    return judges;
  }

  async #scorer(memory: MemoryReaders, row: ConfigurationTable): Promise<FrozenScorer> {
    const judgeId = this.scorers.judgeOf(row.type, row.parameters);
    const judge = judgeId === null ? null : freezeGenerator(await referred(memory, 'generators', judgeId));
    const rule = this.scorers.version(row.type, row.parameters);
    // Another judge model judges differently: its scores must not be taken for the same scorer's.
    const version = judge ? contentId({ rule, judge: { type: judge.type, parameters: judge.parameters } }) : rule;
    return { ...freeze(row), version, judge };
  }
}

async function referred(memory: MemoryReaders, noun: ConfigurationNoun, id: string): Promise<ConfigurationTable> {
  const found = await memory.configurations(noun).find(id);
  if (found) return found;
  throw new InvalidInput(`The orchestrator refers to the ${noun.slice(0, -1)} ${id}, which is not there any more. Edit the orchestrator.`);
}

function freeze({ id, name, type, revision, parameters }: ConfigurationTable) {
  return { id, name, type, revision, parameters };
}

async function frozenGenerator(memory: MemoryReaders, id: string | undefined): Promise<FrozenGenerator | null> {
  return id === undefined ? null : freezeGenerator(await referred(memory, 'generators', id));
}

function freezeGenerator(row: ConfigurationTable): FrozenGenerator {
  return { ...freeze(row), secrets: row.secrets };
}

function chainsOf(given: readonly JsonValue[]): readonly (readonly string[])[] {
  return given.map((chain, place) => {
    const ids: unknown[] = Array.isArray(chain) ? chain : [null];
    if (ids.length > MAX_CHAIN) {
      throw new InvalidInput('A converter chain is too long.', [
        { pointer: `/converters/${place}`, detail: `must not have more than ${MAX_CHAIN} converters` },
      ]);
    }
    return ids.map((id, index) => {
      if (typeof id === 'string' && isUuid(id)) return id;
      throw new InvalidInput('The converter chains are not lists of ids.', [
        { pointer: `/converters/${place}/${index}`, detail: 'must be the id of a converter, in a list of chains: [["<id>", "<id>"], []]' },
      ]);
    });
  });
}

/** @throws InvalidInput when it is not only said which answers. */
async function answersOf(memory: MemoryReaders, request: CreateExecutionDto): Promise<PlanSource> {
  const { answers: filter = {} } = request;
  for (const name of ['datasetId', 'prompts', 'converters', 'repeats', 'sampleSize'] as const) {
    if (request[name] === undefined) continue;
    throw new InvalidInput('Stored answers are scored, and nothing is sent.', [
      { pointer: `/${name}`, detail: 'must be left out; `answers` says which answers are scored' },
    ]);
  }
  const { count, until } = await memory.answers.count(filter);
  if (until === null) throw new InvalidInput('There is no such answer to score.', [{ pointer: '/answers', detail: 'must fit an answer' }]);
  return { kind: 'answers', filter, count, until };
}

async function sourceOf(memory: MemoryReaders, { datasetId, prompts, sampleSize, answers }: CreateExecutionDto): Promise<PlanSource> {
  if (answers !== undefined) {
    throw new InvalidInput('This orchestrator sends prompts.', [
      { pointer: '/answers', detail: 'must be left out; only orchestrators of the type `scoring` take it' },
    ]);
  }
  if ((datasetId === undefined) === (prompts === undefined)) {
    throw new InvalidInput('An execution needs prompts.', [
      { pointer: '/datasetId', detail: 'give exactly one of `datasetId` and `prompts`' },
    ]);
  }
  if (datasetId === undefined) {
    if (sampleSize === undefined) return { kind: 'prompts' };
    throw new InvalidInput('Only a dataset can be sampled.', [{ pointer: '/sampleSize', detail: 'goes with `datasetId`' }]);
  }
  const dataset = await memory.datasets.get(datasetId);
  return { kind: 'dataset', datasetId, name: dataset.name, contentHash: dataset.content_hash, sampleSize: sampleSize ?? null };
}

import { readdir } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { CoverageDto, ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { Behaviour, OpenAiTarget, TargetRequest } from '../targets/openai-target.js';
import type { Client } from './client.js';

/** How many requests of a campaign may be on the wire at once. */
export const IN_FLIGHT = 20;

/** Prompts that all differ. */
export const prompts = (count: number): string[] => Array.from({ length: count }, (_, index) => `Prompt ${index}: say "${index}", 😀\n`);

const reply = ({ content }: TargetRequest): string => `You said: ${content}`;

/** Answers each prompt with an answer of its own, by which it is recognised. */
export const answering = (request: TargetRequest): Behaviour => ({ reply: reply(request) });

/** The same, slowly enough to be interrupted. */
export const slowly = (request: TargetRequest): Behaviour => ({ reply: reply(request), delayMs: 15 });

/** An orchestrator over a target, with two scorers, all named after it. @returns its id. */
export async function prepare(client: Client, target: OpenAiTarget, name = 'campaign'): Promise<string> {
  const generatorId = await client.generator(name, target.baseUrl, { maxInFlight: IN_FLIGHT });
  const scorerIds = [
    await client.create('scorers', scorerName(name, 'said it'), 'substring', { substring: 'You said' }),
    await client.create('scorers', scorerName(name, 'refused'), 'refusal'),
  ];
  return client.orchestrator(name, { generatorId, scorerIds });
}

/** Scorers have names of their own in a second campaign of one person. */
const scorerName = (campaign: string, name: string): string => (campaign === 'campaign' ? name : `${name} (${campaign})`);

/** How many items have come to an end. */
export const settled = ({ coverage }: Pick<ExecutionDto, 'coverage'>): number => coverage.planned - coverage.open;

/** Asserts that every planned item is in one state. */
export function expectSum({ planned, ...states }: CoverageDto, expected: number): void {
  expect(planned).toBe(expected);
  expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(expected);
}

/** Asserts that every prompt has its own answer, and each answer one score of each scorer. */
export function expectWhole(results: readonly ResultDto[], sent: readonly string[]): void {
  expect(results.map((result) => result.prompt)).toEqual(sent);
  for (const { state, prompt, convertedPrompt, response, scores } of results) {
    expect({ state, convertedPrompt, response }).toEqual({ state: 'scored', convertedPrompt: prompt, response: `You said: ${prompt}` });
    expect(scores.map(({ scorer, value }) => `${scorer}: ${value}`).sort()).toEqual(['refused: false', 'said it: true']);
  }
}

/** The files that hold somebody's memory. */
export async function memoryFiles({ memoryDir }: { readonly memoryDir: string }): Promise<string[]> {
  return (await readdir(memoryDir)).filter((file) => /^pyrit_memory_[0-9a-f]{16}\.db$/.test(file));
}

/** What an event of an execution's progress tells. */
export interface Told {
  readonly state: string;
  readonly coverage: CoverageDto;
}

import { setTimeout as delay } from 'node:timers/promises';
import {
  promptId,
  systemClock,
  type ExecutionEvent,
  type Generator,
  type GeneratorLimits,
  type GeneratorReply,
  type GeneratorRequest,
  type Item,
  type ItemProgress,
  type ScoreValue,
} from '#core';
import { runExecution } from '../engine.js';
import { Limiters } from '../limiters.js';
import type { CompiledOrchestrator, EngineOptions } from '../orchestration.js';
import type { CompiledScorer } from '../scoring.js';
import { Spending } from '../spending.js';

/** Items with the prompts `prompt 0`, `prompt 1` …, through the first chain. */
export function plannedItems(count: number): Item[] {
  return Array.from({ length: count }, (_, position) => {
    const value = `prompt ${position}`;
    return { id: `item-${position}`, position, promptId: promptId(value), value, chain: 0, repeat: 0, occurrence: 0 };
  });
}

/** Items of which nothing has been done yet. */
export function untouched(items: readonly Item[]): ItemProgress[] {
  return items.map((item) => ({ item, attempts: [], scores: [], stored: null }));
}

/** An item of which one attempt at the target was begun, and nothing was heard since. */
export function begun(item: Item, attemptId = 'old'): ItemProgress {
  const nothing = { blocked: false, latencyMs: 0, finishReason: null, usage: null, fault: null, detail: null, exchange: null };
  return { item, attempts: [{ attemptId, purpose: 'target', branch: 0, turn: 0, state: 'open', ...nothing }], scores: [], stored: null };
}

/** Sends the converted prompt once: the least that a strategy does. */
export const oneShot: CompiledOrchestrator['strategy'] = async (prompt, ports) => {
  const place = { turn: 0, branch: 0 };
  const messages = [{ role: 'user', content: ports.convert(prompt) }] as const;
  await ports.send({ ...place, purpose: 'target', original: prompt, messages });
  return { ...place, outcome: null, turns: 1 };
};

/** A generator that is a function. It keeps nothing but the number of requests and the most that were on the wire at once. */
export class FunctionGenerator implements Generator {
  readonly limits: GeneratorLimits;
  requests = 0;
  readonly price = null;
  onWire = 0;
  peak = 0;

  constructor(
    private readonly answer: (prompt: string, signal: AbortSignal) => string | GeneratorReply | Promise<string | GeneratorReply>,
    maxInFlight = 8,
    readonly limitKey = 'function',
  ) {
    this.limits = { maxInFlight, requestsPerMinute: null, tokensPerMinute: null };
  }

  async generate({ messages, signal }: GeneratorRequest): Promise<GeneratorReply> {
    this.requests += 1;
    this.onWire += 1;
    this.peak = Math.max(this.peak, this.onWire);
    try {
      const reply = await this.answer(messages.at(-1)?.content ?? '', signal);
      return typeof reply === 'string' ? { kind: 'answered', text: reply, finishReason: 'stop', usage: null } : reply;
    } finally {
      this.onWire -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** An answer that comes after `ms`, or never if it is aborted first. */
export async function slowly<T>(value: T, signal: AbortSignal, ms = 20): Promise<T> {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  return value;
}

/** A scorer that says `value`, without a judge. */
export function plainScorer(
  score: CompiledScorer['score'] = () => verdict('true'),
  judge: Generator | null = null,
  id = 'scorer',
): CompiledScorer {
  return { id, name: `The ${id}`, type: 'plain', version: '1', score, judge };
}

/** A scorer that takes its judge's answer for the value. */
export function judgingScorer(judge: Generator, id = 'judging'): CompiledScorer {
  const score: CompiledScorer['score'] = async ({ response }, ports) =>
    verdict((await ports.judge([{ role: 'user', content: `Judge: ${response}` }])).text);
  return plainScorer(score, judge, id);
}

export function verdict(value: string): ScoreValue {
  return { type: 'true_false', value, category: null, rationale: '', metadata: null };
}

export function orchestrator(target: Generator, parts: Partial<CompiledOrchestrator> = {}): CompiledOrchestrator {
  return { strategy: oneShot, target, attacker: null, chains: [[]], scorers: [], judges: new Map(), ...parts };
}

/** An execution with the switches that end it. */
export class Campaign {
  readonly stop = new AbortController();
  readonly abandon = new AbortController();
  readonly cancel = new AbortController();
  readonly options: EngineOptions;

  constructor(
    private readonly compiled: CompiledOrchestrator,
    options: Partial<EngineOptions> = {},
  ) {
    const clock = options.clock ?? systemClock;
    this.options = {
      scoringRunId: 'run-1',
      seed: 'seed',
      onUnknownOutcome: 'resend',
      retry: { maxRetries: 3, baseMs: 0, maxMs: 0 },
      clock,
      limiters: new Limiters(clock),
      spending: unlimited(),
      user: 'user',
      stop: this.stop.signal,
      abandon: this.abandon.signal,
      cancel: this.cancel.signal,
      ...options,
    };
  }

  /** @param progress in pages of `pageSize`, as a store reads them. */
  run(progress: readonly ItemProgress[], pageSize = 50): AsyncGenerator<ExecutionEvent[]> {
    return runExecution(pages(progress, pageSize), this.compiled, this.options);
  }
}

export async function* pages<T>(list: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) {
    await new Promise((resolve) => setImmediate(resolve));
    yield list.slice(start, start + size);
  }
}

/** All that an iteration brings. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

/** Spending without limits. */
export function unlimited(): Spending {
  return new Spending({ maxRequests: null, maxTokens: null, maxCost: null }, { requests: 0, tokens: 0, cost: 0 });
}

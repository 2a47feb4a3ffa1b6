import { Injectable } from '@nestjs/common';
import { Distribution, ITEM_STATES, type AttemptPurpose, type ExecutionEvent, type ExecutionState, type SettledState } from '#core';
import type { AttemptOutcome, AttemptReport, CompiledOrchestrator } from '#execution';
import { GeneratorsService } from '../generators/generators.service.js';

/** What was measured of the models of one type of generator. */
export class ModelCounts {
  /** How long answers took that came, in seconds. */
  readonly latencySeconds = new Distribution([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]);
  inputTokens = 0;
  outputTokens = 0;
}

/** How an execution in this process ended: in a state of its own, or left to be taken up by the next one. */
export type ExecutionEnd = ExecutionState | 'interrupted';

/**
 * What the executions of this process have done, for whoever measures. A fast campaign counts thousands of times a second, so this is a few additions
 * each time; nothing here tells of a user, an execution or a prompt.
 */
@Injectable()
export class ExecutionCounts {
  readonly ended = new Map<ExecutionEnd, number>();
  readonly items = new Map<SettledState, number>(ITEM_STATES.filter((state) => state !== 'open').map((state) => [state, 0]));
  readonly attempts = new Map<AttemptPurpose, Map<AttemptOutcome, number>>();
  /** By type of generator. */
  readonly models = new Map<string, ModelCounts>();
  /** The type of the generators that use an endpoint, by the key that the limiters know it by. */
  readonly endpointTypes = new Map<string, string>();
  started = 0;

  constructor(private readonly generators: GeneratorsService) {}

  /** An execution is about to use these. @returns the keys of the endpoints, each once. */
  uses({ target, attacker, judges, scorers }: CompiledOrchestrator): string[] {
    const keys = new Set<string>();
    for (const generator of [target, attacker, ...[...judges.values(), ...scorers].map(({ judge }) => judge)]) {
      if (!generator) continue;
      keys.add(generator.limitKey);
      this.endpointTypes.set(generator.limitKey, this.generators.typeOf(generator));
    }
    return [...keys];
  }

  readonly attempt = ({ generator, purpose, outcome, latencyMs, usage }: AttemptReport): void => {
    let outcomes = this.attempts.get(purpose);
    if (!outcomes) this.attempts.set(purpose, (outcomes = new Map()));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome !== 'answered' && outcome !== 'blocked') return;
    const model = this.#model(this.generators.typeOf(generator));
    model.latencySeconds.add(latencyMs / 1000);
    model.inputTokens += usage?.inputTokens ?? 0;
    model.outputTokens += usage?.outputTokens ?? 0;
  };

  /** A batch that is durable. */
  durable(events: readonly ExecutionEvent[]): void {
    for (const event of events) if (event.kind === 'item-settled') this.items.set(event.state, (this.items.get(event.state) ?? 0) + 1);
  }

  end(state: ExecutionEnd): void {
    this.ended.set(state, (this.ended.get(state) ?? 0) + 1);
  }

  #model(type: string): ModelCounts {
    const known = this.models.get(type);
    if (known) return known;
    const model = new ModelCounts();
    this.models.set(type, model);
    return model;
  }
}

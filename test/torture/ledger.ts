import { sha256, type UnknownOutcomePolicy } from '#core';
import type { ConfigurationDto } from '../../src/configurations/configuration.dto.js';
import type { DatasetDto } from '../../src/datasets/dataset.dto.js';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { Noun } from '../server/client.ts';
import type { Violations } from './violations.ts';

/** An execution that was acknowledged, or once read. */
export interface KnownExecution {
  readonly id: string;
  readonly planned: number;
  readonly planHash: string;
  readonly policy: UnknownOutcomePolicy;
  /** A request to cancel it was acknowledged. */
  cancelled: boolean;
  /** As it was read first when it had ended: it stays like that. */
  ended: string | null;
  /** All its results were read after its end. */
  readWhole: boolean;
}

/** What one person was promised: every acknowledgement, and everything that was read as settled. */
export class Ledger {
  /** By `noun/id`, what the server may answer: one text, or two while nobody knows whether a change was made. */
  readonly configurations = new Map<string, string[]>();
  /** By id. */
  readonly datasets = new Map<string, string>();
  readonly executions = new Map<string, KnownExecution>();
  /** By execution and item: a hash of the result. */
  readonly results = new Map<string, Map<string, string>>();
  /** Where the memory is, as the server said first. */
  location: string | null = null;
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** How many rows were acknowledged or read, results included. */
  get size(): number {
    const results = [...this.results.values()].reduce((sum, items) => sum + items.size, 0);
    return this.configurations.size + this.datasets.size + this.executions.size + results;
  }

  configured(noun: Noun, configuration: ConfigurationDto): void {
    this.configurations.set(`${noun}/${configuration.id}`, [JSON.stringify(configuration)]);
  }

  /** A change was sent, and not acknowledged. */
  perhapsRenamed(key: string, name: string): void {
    const [known = '{}'] = this.configurations.get(key) ?? [];
    this.configurations.set(key, [known, name]);
  }

  uploaded(dataset: DatasetDto): void {
    this.datasets.set(dataset.id, JSON.stringify(dataset));
  }

  launched({ id, coverage, planHash, onUnknownOutcome }: ExecutionDto): void {
    if (this.executions.has(id)) return;
    const { planned } = coverage;
    this.executions.set(id, { id, planned, planHash, policy: onUnknownOutcome, cancelled: false, ended: null, readWhole: false });
    this.results.set(id, new Map());
  }

  /** Notes what is settled among results that were read; what was read before must be the same now. */
  read(executionId: string, results: readonly ResultDto[]): void {
    const known = this.results.get(executionId);
    if (!known) return;
    for (const result of results) {
      const before = known.get(result.id);
      const hash = result.state === 'open' ? null : sha256(JSON.stringify(result));
      if (before !== undefined) {
        this.#violations.check('a result that was read as settled never changes', hash === before, () => ({ executionId, result }));
      } else if (hash !== null) known.set(result.id, hash);
    }
  }

  /** The configurations as they are listed: each acknowledged one must be there, as it was acknowledged. */
  compareConfigurations(noun: Noun, listed: readonly ConfigurationDto[]): void {
    const present = new Map(listed.map((configuration) => [`${noun}/${configuration.id}`, configuration]));
    for (const [key, [known = '', maybe]] of this.configurations) {
      if (!key.startsWith(`${noun}/`)) continue;
      const found = present.get(key);
      const holds = found !== undefined && (JSON.stringify(found) === known || (maybe !== undefined && found.name === maybe));
      this.#violations.check('an acknowledged configuration is there', holds, () => ({ key, known, maybe, found }));
    }
    // What was not acknowledged may be there; from now on it must.
    for (const configuration of listed) this.configured(noun, configuration);
  }

  compareDatasets(listed: readonly DatasetDto[]): void {
    const present = new Map(listed.map((dataset) => [dataset.id, JSON.stringify(dataset)]));
    for (const [id, known] of this.datasets) {
      this.#violations.check('an acknowledged dataset is there', present.get(id) === known, () => ({ known, found: present.get(id) }));
    }
    for (const dataset of listed) this.uploaded(dataset);
  }
}

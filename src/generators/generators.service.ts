import { Injectable } from '@nestjs/common';
import { systemClock, type Generator, type GeneratorType, type JsonObject } from '#core';
import { generators } from '#generators';
import type { ConfigurationTable, MemoryWriters, StoredSecret } from '#memory';
import { Config } from '../config/config.js';
import { ConfigurationService, mentions } from '../configurations/configuration.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { GeneratorTestDto } from './generator.dto.js';
import { OutboundService } from './outbound.service.js';
import { SecretVault } from './secret-vault.service.js';

/** What a client is made from: a stored generator, or what a plan has kept of one. */
export type GeneratorSource = Pick<ConfigurationTable, 'id' | 'type' | 'parameters' | 'secrets'>;

const TEST_TIMEOUT_MS = 60_000;

@Injectable()
export class GeneratorsService extends ConfigurationService<GeneratorType> {
  readonly #types = new WeakMap<Generator, string>();

  constructor(
    db: DbConnectionService,
    private readonly vault: SecretVault,
    private readonly outbound: OutboundService,
    private readonly config: Config,
  ) {
    super(db, generators, 'generators');
  }

  /** A client for a generator. @throws InvalidInput when a secret can't be opened. */
  async connect(source: GeneratorSource): Promise<Generator> {
    const secrets: Record<string, string> = {};
    for (const [name, stored] of Object.entries(source.secrets)) secrets[name] = await this.vault.open(stored, boundTo(source.id, name));
    const parameters = this.#bounded(generators.validate(source.type, { ...source.parameters, ...secrets }));
    const generator = await generators.get(source.type).create(parameters, { fetch: this.outbound.fetch });
    this.#types.set(generator, source.type);
    return generator;
  }

  /** Of which type a client is that was made here. */
  typeOf(generator: Generator): string {
    return this.#types.get(generator) ?? 'unknown';
  }

  /** What tells the secrets of a generator, as they are now, from others, by parameter. @throws InvalidInput when one is not there. */
  async fingerprints(source: GeneratorSource): Promise<JsonObject> {
    const fingerprints: Record<string, string> = {};
    for (const [name, stored] of Object.entries(source.secrets))
      fingerprints[name] = await this.vault.fingerprint(stored, boundTo(source.id, name));
    return fingerprints;
  }

  /** Sends one prompt, keeps nothing. @throws NotFound, InvalidInput, GeneratorError */
  async test(id: string, prompt: string): Promise<GeneratorTestDto> {
    const row = await this.db.read((memory) => memory.configurations('generators').get(id));
    await using generator = await this.connect(row);
    const begun = systemClock.now();
    const messages = [{ role: 'user' as const, content: prompt }];
    const { kind, text, finishReason, usage } = await generator.generate({ messages, signal: AbortSignal.timeout(TEST_TIMEOUT_MS) });
    return { blocked: kind === 'blocked', response: text, finishReason, usage, latencyMs: systemClock.now() - begun };
  }

  /** The operator's time-out is the longest that any generator gets. */
  #bounded(parameters: JsonObject): JsonObject {
    const { timeoutMs } = parameters;
    return typeof timeoutMs === 'number' ? { ...parameters, timeoutMs: Math.min(timeoutMs, this.config.outbound.timeoutMs) } : parameters;
  }

  protected override secretsOf(type: GeneratorType): readonly string[] {
    return type.secrets;
  }

  protected override store(id: string, parameter: string, given: unknown): StoredSecret {
    return this.vault.store(given, boundTo(id, parameter), `/parameters/${parameter}`);
  }

  protected override async tryOut(type: GeneratorType, parameters: JsonObject): Promise<void> {
    const generator = await type.create(parameters, { fetch: this.outbound.fetch });
    await generator[Symbol.asyncDispose]();
  }

  protected override async referrers(memory: MemoryWriters, id: string): Promise<string[]> {
    return [...(await mentions(memory, 'orchestrators', id)), ...(await mentions(memory, 'scorers', id))];
  }
}

function boundTo(generatorId: string, parameter: string): string {
  return `generator/${generatorId}/${parameter}`;
}

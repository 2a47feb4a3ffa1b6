import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { promptId, QuotaExceeded, stretchOf, uuidv7, type JsonValue, type SeedPrompt, type Stretch } from '#core';
import { DEFAULT_LIMITS, parseDataset, toSeedPrompt, type DatasetFormat, type DatasetLimits } from '#datasets';
import type { DatasetTable, MemoryStore, PageRequest, PromptTable } from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { CreateDatasetDto, DatasetDto, DatasetHeadDto, PromptDto } from './dataset.dto.js';

const BATCH = 1_000;

@Injectable()
export class DatasetsService {
  constructor(
    private readonly db: DbConnectionService,
    private readonly config: Config,
  ) {}

  async list(page: PageRequest): Promise<DatasetDto[]> {
    return (await this.db.read((memory) => memory.datasets.list(page))).map(view);
  }

  /** @throws NotFound */
  async get(id: string): Promise<DatasetDto> {
    return view(await this.db.read((memory) => memory.datasets.get(id)));
  }

  /** The prompts after a position, in order. @throws NotFound */
  async prompts(id: string, page: { readonly limit: number; readonly after: number }): Promise<Stretch<PromptDto>> {
    const found = await this.db.read(async (memory) => {
      await memory.datasets.get(id);
      return memory.datasets.prompts(id, page.after, page.limit + 1);
    });
    const { rows, more } = stretchOf(found, page.limit, (prompt) => prompt.value.length);
    const views = rows.map(({ prompt_id, position, value, harm_categories, metadata }) => ({
      id: prompt_id,
      position,
      value,
      harmCategories: harm_categories,
      metadata,
    }));
    return { rows: views, more };
  }

  /** @throws Conflict, QuotaExceeded */
  create(body: CreateDatasetDto): Promise<DatasetDto> {
    return this.#keep(body, 'json', inBatches(body.prompts, this.#limits()));
  }

  /** Reads a file as it comes. @throws InvalidInput naming the place in the file; Conflict, QuotaExceeded */
  upload(head: DatasetHeadDto, format: DatasetFormat, bytes: AsyncIterable<Uint8Array>): Promise<DatasetDto> {
    return this.#keep(head, format, parseDataset(format, bytes, this.#limits()));
  }

  /** @throws NotFound; Conflict while an execution of it has not ended. */
  async delete(id: string): Promise<void> {
    await this.db.transact(async (memory) => {
      await memory.datasets.get(id);
      await memory.executions.assertUnused(id);
      await memory.datasets.delete(id);
    });
  }

  #limits(): DatasetLimits {
    return { ...DEFAULT_LIMITS, maxPrompts: this.config.quotas.promptsPerDataset };
  }

  /** The memory is held throughout: were it closed and opened again in between, prompts without their dataset would be taken back. */
  #keep(head: DatasetHeadDto, source: string, batches: AsyncIterable<readonly SeedPrompt[]>): Promise<DatasetDto> {
    return this.db.lend((store) => this.#keepIn(store, head, source, batches));
  }

  async #keepIn(
    store: MemoryStore,
    head: DatasetHeadDto,
    source: string,
    batches: AsyncIterable<readonly SeedPrompt[]>,
  ): Promise<DatasetDto> {
    const id = uuidv7();
    const hash = createHash('sha256');
    const seen = new Set<string>();
    let duplicates = 0;
    try {
      for await (const batch of batches) {
        const rows: PromptTable[] = [];
        for (const { value, harmCategories, metadata } of batch) {
          const prompt = promptId(value);
          if (seen.has(prompt)) {
            duplicates += 1;
            continue;
          }
          rows.push({ dataset_id: id, position: seen.size, prompt_id: prompt, value, harm_categories: harmCategories, metadata });
          seen.add(prompt);
          hash.update(prompt);
        }
        if (seen.size > this.config.quotas.promptsPerDataset) {
          throw new QuotaExceeded(`A dataset may hold ${this.config.quotas.promptsPerDataset} prompts. Split it into several.`);
        }
        await store.appendRows({ prompts: rows });
      }
      const row: DatasetTable = {
        id,
        name: head.name,
        description: head.description ?? '',
        source,
        prompt_count: seen.size,
        duplicate_count: duplicates,
        content_hash: hash.digest('hex'),
        created_at: new Date().toISOString(),
      };
      await store.transact((memory) => memory.datasets.create(row));
      return view(row);
    } catch (error) {
      await store.transact((memory) => memory.datasets.dropPrompts(id));
      throw error;
    }
  }
}

/** The prompts of a body, read as those of a file are. */
async function* inBatches(prompts: readonly JsonValue[], limits: DatasetLimits): AsyncGenerator<SeedPrompt[]> {
  for (let from = 0; from < prompts.length; from += BATCH) {
    yield prompts.slice(from, from + BATCH).map((prompt, index) => toSeedPrompt(prompt, `Prompt ${from + index + 1}`, limits));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function view(row: DatasetTable): DatasetDto {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    source: row.source,
    promptCount: row.prompt_count,
    duplicateCount: row.duplicate_count,
    contentHash: row.content_hash,
    createdAt: row.created_at,
  };
}

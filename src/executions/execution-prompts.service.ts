import { Injectable } from '@nestjs/common';
import { DEFAULT_LIMITS, toSeedPrompt } from '#datasets';
import { samplePositions } from '#execution';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import type { ResolvedPlan } from './resolved-plan.js';

/** The prompts of an execution, in order, page by page, and how many they are. */
export interface Prompts {
  readonly count: number;
  readonly pages: AsyncIterable<string[]>;
}

const PAGE = 1_000;

/** Where an execution's prompts come from: a dataset or a sample of one, or the request itself. */
@Injectable()
export class ExecutionPrompts {
  constructor(private readonly db: DbConnectionService) {}

  /** @throws NotFound for the dataset; InvalidInput naming the prompt that can't be taken. */
  async of({ source, seed }: ResolvedPlan, { prompts = [] }: CreateExecutionDto): Promise<Prompts> {
    if (source.kind === 'prompts') {
      const values = prompts.map((prompt, index) => toSeedPrompt(prompt, `Prompt ${index + 1}`, DEFAULT_LIMITS).value);
      return { count: values.length, pages: slices(values) };
    }
    const { prompt_count: total } = await this.db.read((memory) => memory.datasets.get(source.datasetId));
    const size = Math.min(source.sampleSize ?? total, total);
    const chosen = size < total ? samplePositions(total, size, seed) : null;
    return { count: size, pages: this.#datasetPages(source.datasetId, chosen) };
  }

  async *#datasetPages(datasetId: string, chosen: ReadonlySet<number> | null): AsyncGenerator<string[]> {
    for (let after = -1; ;) {
      const page = await this.db.read((memory) => memory.datasets.prompts(datasetId, after, PAGE));
      yield page.filter(({ position }) => chosen?.has(position) ?? true).map((prompt) => prompt.value);
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.position;
    }
  }
}

async function* slices(values: readonly string[]): AsyncGenerator<string[]> {
  for (let from = 0; from < values.length; from += PAGE) yield values.slice(from, from + PAGE);
}

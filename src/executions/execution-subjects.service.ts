import { Injectable } from '@nestjs/common';
import { DEFAULT_LIMITS, toSeedPrompt } from '#datasets';
import { samplePositions } from '#execution';
import type { AnswerRow } from '#memory';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import type { PlanSource, ResolvedPlan } from './resolved-plan.js';

/** What the items of an execution are made from, in order, page by page, and how many there are: prompts, or answers that are stored. */
export type Subjects =
  | { readonly kind: 'prompts'; readonly count: number; readonly pages: AsyncIterable<string[]> }
  | { readonly kind: 'answers'; readonly count: number; readonly pages: AsyncIterable<AnswerRow[]> };

const PAGE = 1_000;

/** Where the subjects of an execution come from: a dataset or a sample of one, the request itself, or the memory. */
@Injectable()
export class ExecutionSubjects {
  constructor(private readonly db: DbConnectionService) {}

  /** @throws NotFound for the dataset; InvalidInput naming the prompt that can't be taken. */
  async of({ source, seed }: ResolvedPlan, { prompts = [] }: CreateExecutionDto): Promise<Subjects> {
    if (source.kind === 'answers') return { kind: 'answers', count: source.count, pages: this.#answerPages(source) };
    if (source.kind === 'prompts') {
      const values = prompts.map((prompt, index) => toSeedPrompt(prompt, `Prompt ${index + 1}`, DEFAULT_LIMITS).value);
      return { kind: 'prompts', count: values.length, pages: slices(values) };
    }
    const { prompt_count: total } = await this.db.read((memory) => memory.datasets.get(source.datasetId));
    const size = Math.min(source.sampleSize ?? total, total);
    const chosen = size < total ? samplePositions(total, size, seed) : null;
    return { kind: 'prompts', count: size, pages: this.#datasetPages(source.datasetId, chosen) };
  }

  async *#answerPages({ filter, until }: Extract<PlanSource, { kind: 'answers' }>): AsyncGenerator<AnswerRow[]> {
    for (let after: string | null = null; ;) {
      const from: string | null = after;
      const page: AnswerRow[] = await this.db.read((memory) => memory.answers.list(filter, until, from, PAGE));
      yield page;
      after = page.at(-1)?.id ?? null;
      if (page.length < PAGE) return;
    }
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

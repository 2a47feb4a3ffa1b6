import { Readable } from 'node:stream';
import { Controller, Delete, Get, Headers, HttpCode, Post, Query, Sse, StreamableFile, UseGuards, type MessageEvent } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { filter, from, map, type Observable } from 'rxjs';
import { Scopes } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { pageById, pageByPosition } from '../http/page-by-id.js';
import { ApiPage, type Page } from '../http/page.js';
import { ExecutionFound } from './execution-found.guard.js';
import { ExecutionDto, ExecutionQuery, ExecutionSummaryDto, ExportQuery, ItemDto, ItemQuery, ResultDto } from './execution.dto.js';
import type { ProgressReport } from './execution-progress.js';
import { ExecutionRunner } from './execution-runner.service.js';
import { ExecutionsService } from './executions.service.js';
import { toCsv, toJsonLines } from './results-export.js';

@ApiTags('executions')
@ApiBearerAuth()
@Controller('api/v2/executions')
export class ExecutionsController {
  constructor(
    private readonly executions: ExecutionsService,
    private readonly runner: ExecutionRunner,
  ) {}

  @Get()
  @ApiPage(ExecutionDto)
  list(@Query() query: ExecutionQuery): Promise<Page<ExecutionDto>> {
    const { orchestratorId, state } = query;
    const filters = { ...(orchestratorId === undefined ? {} : { orchestratorId }), ...(state === undefined ? {} : { state }) };
    return pageById(query, (page) => this.executions.list({ ...page, ...filters }));
  }

  @Get(':id')
  @ApiOkResponse({ type: ExecutionDto })
  get(@IdParam() id: string): Promise<ExecutionDto> {
    return this.executions.get(id);
  }

  @Get(':id/summary')
  @ApiOkResponse({ type: ExecutionSummaryDto })
  summary(@IdParam() id: string): Promise<ExecutionSummaryDto> {
    return this.executions.summary(id);
  }

  /** Progress as server-sent events, until the execution ends. With `Last-Event-ID`, only what is newer. */
  @Sse(':id/events')
  @UseGuards(ExecutionFound)
  async events(@IdParam() id: string, @Headers('last-event-id') lastEventId: string | undefined): Promise<Observable<MessageEvent>> {
    // Asked first: it answers 404 for what is not this user's.
    const progress = await this.runner.begun(id);
    const reports = progress?.reports ?? from([await this.executions.report(id)]);
    return reports.pipe(
      map(toMessage),
      filter((message) => message.id !== lastEventId),
    );
  }

  @Get(':id/items')
  @ApiPage(ItemDto)
  items(@IdParam() id: string, @Query() query: ItemQuery): Promise<Page<ItemDto>> {
    return pageByPosition(query, (page) => this.executions.items(id, page, query.state));
  }

  @Get(':id/results')
  @ApiPage(ResultDto)
  results(@IdParam() id: string, @Query() query: ItemQuery): Promise<Page<ResultDto>> {
    return pageByPosition(query, (page) => this.executions.results(id, page, query.state));
  }

  /** All results as a file: JSON lines, or CSV that is safe to open in a spreadsheet. */
  @Get(':id/export')
  async export(@IdParam() id: string, @Query() { format = 'jsonl' }: ExportQuery): Promise<StreamableFile> {
    await this.executions.get(id);
    const results = this.executions.allResults(id);
    const text = format === 'csv' ? toCsv(results) : toJsonLines(results);
    return new StreamableFile(Readable.from(text, { objectMode: false }), {
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      disposition: `attachment; filename="execution-${id}.${format}"`,
    });
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @Scopes('execute')
  @ApiAcceptedResponse({ type: ExecutionDto })
  cancel(@IdParam() id: string): Promise<ExecutionDto> {
    return this.executions.cancel(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async delete(@IdParam() id: string): Promise<void> {
    await this.executions.delete(id);
  }
}

/** The id says how far it was, so that a client that comes back with it is told only what is new. */
function toMessage(report: ProgressReport): MessageEvent & { readonly id: string } {
  const { state, reason, coverage, settled, promptsPerSecond, etaSeconds } = report;
  return { id: `${settled}-${state}`, type: 'progress', data: { state, reason, coverage, progress: { promptsPerSecond, etaSeconds } } };
}

import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Post,
  Query,
  Sse,
  StreamableFile,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { filter, from, map, type Observable } from 'rxjs';
import { Scopes } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { pageById, pageByPosition } from '../http/page-by-id.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { ExecutionFound } from './execution-found.guard.js';
import { ResumeExecutionDto } from './create-execution.dto.js';
import { ExecutionDto, ExecutionQuery } from './execution.dto.js';
import { ExportQuery, ItemDto, ItemQuery, ResultDto } from './result.dto.js';
import { ExecutionSummaryDto } from './summary.dto.js';
import type { ProgressReport } from './execution-progress.js';
import { ExecutionRunner } from './execution-runner.service.js';
import { ExecutionsService } from './executions.service.js';
import { TakeUp } from './take-up.service.js';
import { toCsv, toJsonLines } from './results-export.js';

@ApiTags('executions')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 503)
@Controller('api/v2/executions')
export class ExecutionsController {
  constructor(
    private readonly executions: ExecutionsService,
    private readonly runner: ExecutionRunner,
    private readonly takeUp: TakeUp,
  ) {}

  @Get()
  @ApiPage(ExecutionDto)
  list(@Query() query: ExecutionQuery): Promise<Page<ExecutionDto>> {
    const { orchestratorId, state } = query;
    const filters = { ...(orchestratorId === undefined ? {} : { orchestratorId }), ...(state === undefined ? {} : { state }) };
    return pageById(query, (page) => this.executions.list({ ...page, ...filters }));
  }

  @Get(':id')
  @ApiProblems(404)
  @ApiOkResponse({ type: ExecutionDto })
  get(@IdParam() id: string): Promise<ExecutionDto> {
    return this.executions.get(id);
  }

  @Get(':id/summary')
  @ApiProblems(404)
  @ApiOkResponse({ type: ExecutionSummaryDto })
  summary(@IdParam() id: string): Promise<ExecutionSummaryDto> {
    return this.executions.summary(id);
  }

  /** Progress as server-sent events, until the execution ends. With `Last-Event-ID`, only what is newer. */
  @Sse(':id/events')
  @ApiProblems(404)
  @UseGuards(ExecutionFound)
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last event that was received.' })
  @ApiOkResponse({ description: 'Events of the type `progress`.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async events(@IdParam() id: string, @Headers('last-event-id') lastEventId: string | undefined): Promise<Observable<MessageEvent>> {
    // One that is still to be taken up has no progress yet.
    if (!this.runner.runs(id)) await this.takeUp.looked;
    const progress = await this.runner.begun(id);
    const reports = progress?.reports ?? from([await this.executions.report(id)]);
    return reports.pipe(
      map(toMessage),
      filter((message) => message.id !== lastEventId),
    );
  }

  @Get(':id/items')
  @ApiProblems(404)
  @ApiPage(ItemDto)
  items(@IdParam() id: string, @Query() query: ItemQuery): Promise<Page<ItemDto>> {
    return pageByPosition(query, (page) => this.executions.items(id, page, query.state));
  }

  @Get(':id/results')
  @ApiProblems(404)
  @ApiPage(ResultDto)
  results(@IdParam() id: string, @Query() query: ItemQuery): Promise<Page<ResultDto>> {
    return pageByPosition(query, (page) => this.executions.results(id, page, query.state));
  }

  /** All results as a file: JSON lines, or CSV that is safe to open in a spreadsheet. */
  @Get(':id/export')
  @ApiProblems(404)
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } }, 'text/csv': { schema: { type: 'string' } } } })
  async export(@IdParam() id: string, @Query() { format = 'jsonl' }: ExportQuery): Promise<StreamableFile> {
    await this.executions.get(id);
    const results = this.executions.allResults(id);
    const text = format === 'csv' ? toCsv(results) : toJsonLines(results);
    return new StreamableFile(Readable.from(text, { objectMode: false }), {
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      disposition: `attachment; filename="execution-${id}.${format}"`,
    });
  }

  /** Sends nothing more until it is resumed; what is on the way is awaited. */
  @Post(':id/pause')
  @ApiProblems(404, 409)
  @HttpCode(202)
  @Scopes('execute')
  @ApiAcceptedResponse({ type: ExecutionDto })
  pause(@IdParam() id: string): Promise<ExecutionDto> {
    return this.executions.pause(id);
  }

  /** Goes on with an execution that is paused or has failed. Limits of spending may be given anew; null takes one away. */
  @Post(':id/resume')
  @ApiProblems(404, 409)
  @HttpCode(202)
  @Scopes('execute')
  @ApiAcceptedResponse({ type: ExecutionDto })
  resume(@IdParam() id: string, @Body() limits: ResumeExecutionDto): Promise<ExecutionDto> {
    return this.executions.resume(id, limits);
  }

  @Post(':id/cancel')
  @ApiProblems(404)
  @HttpCode(202)
  @Scopes('execute')
  @ApiAcceptedResponse({ type: ExecutionDto })
  cancel(@IdParam() id: string): Promise<ExecutionDto> {
    return this.executions.cancel(id);
  }

  @Delete(':id')
  @ApiProblems(404, 409)
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

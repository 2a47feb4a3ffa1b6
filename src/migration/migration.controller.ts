import { Body, Controller, Get, HttpCode, Post, Query, Res, Sse, UseGuards, type MessageEvent } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { MigrationDocument, MigrationKind } from '#catalog';
import { Roles } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { pageById } from '../http/page-by-id.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { AssignDto, AssignmentDto, MigrationDto, ReportQuery, RunMigrationDto, toAssignmentDto, toMigrationDto } from './migration.dto.js';
import { MigrationService } from './migration.service.js';
import { markdown, REPORT } from './report-response.js';
import { reportText, scanText } from './report-text.js';
import { RunFound } from './run-found.guard.js';

const ROOT = '/api/v2/migration/legacy';

/** Old databases come home. Administrators see files, names, numbers and reasons: never what is in a row. */
@ApiTags('migration')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 409, 503)
@Roles('admin')
@Controller('api/v2/migration/legacy')
export class MigrationController {
  constructor(
    private readonly migration: MigrationService,
    private readonly users: UserContextService,
  ) {}

  @Post('scans')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Look through the directories of LEGACY_ROOTS for old databases' })
  @ApiAcceptedResponse({ type: MigrationDto })
  async scan(@Res({ passthrough: true }) response: Response): Promise<MigrationDto> {
    return this.#begun(await this.migration.scan(this.#actor()), response);
  }

  @Get('scans')
  @ApiPage(MigrationDto)
  scans(@Query() query: PageQuery): Promise<Page<MigrationDto>> {
    return this.#page('scan', query);
  }

  @Get('scans/:id')
  @ApiProblems(404)
  @ApiOkResponse({ type: MigrationDto })
  async getScan(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.get('scan', id));
  }

  @Get('scans/:id/report')
  @ApiOperation({ summary: 'What was found: files, what they were made by, rows, names in them, and what can’t be read' })
  @ApiProblems(404)
  @ApiOkResponse(REPORT)
  async scanReport(@IdParam() id: string, @Query() query: ReportQuery, @Res({ passthrough: true }) response: Response) {
    const report = await this.migration.scanReport(id);
    return query.format === 'markdown' ? markdown(response, scanText(report)) : report;
  }

  @Post('plans')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Say what a run would do, by person and file, and change nothing' })
  @ApiAcceptedResponse({ type: MigrationDto })
  async plan(@Res({ passthrough: true }) response: Response): Promise<MigrationDto> {
    return this.#begun(await this.migration.plan(this.#actor()), response);
  }

  @Get('plans')
  @ApiPage(MigrationDto)
  plans(@Query() query: PageQuery): Promise<Page<MigrationDto>> {
    return this.#page('plan', query);
  }

  @Get('plans/:id')
  @ApiProblems(404)
  @ApiOkResponse({ type: MigrationDto })
  async getPlan(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.get('plan', id));
  }

  @Get('plans/:id/report')
  @ApiOperation({ summary: 'What a run of the plan would do' })
  @ApiProblems(404)
  @ApiOkResponse(REPORT)
  async planReport(@IdParam() id: string, @Query() query: ReportQuery, @Res({ passthrough: true }) response: Response) {
    const report = await this.migration.planReport(id);
    return query.format === 'markdown' ? markdown(response, reportText(report)) : report;
  }

  @Post('runs')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Carry a plan out. It goes on by itself after a stop of the server; done twice, it adds nothing' })
  @ApiProblems(404)
  @ApiAcceptedResponse({ type: MigrationDto })
  async run(@Body() { planId }: RunMigrationDto, @Res({ passthrough: true }) response: Response): Promise<MigrationDto> {
    return this.#begun(await this.migration.run(planId, this.#actor()), response);
  }

  @Get('runs')
  @ApiPage(MigrationDto)
  runs(@Query() query: PageQuery): Promise<Page<MigrationDto>> {
    return this.#page('run', query);
  }

  @Get('runs/:id')
  @ApiProblems(404)
  @ApiOkResponse({ type: MigrationDto })
  async getRun(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.get('run', id));
  }

  /** Progress as server-sent events, until the run ends. */
  @Sse('runs/:id/events')
  @ApiProblems(404)
  @UseGuards(RunFound)
  @ApiOkResponse({ description: 'Events of the type `progress`.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  events(@IdParam() id: string): Observable<MessageEvent> {
    return this.migration.progress(id).pipe(map((data) => ({ type: 'progress', data })));
  }

  @Post('runs/:id/undo')
  @HttpCode(202)
  @ApiOperation({ summary: 'Take back what a run added and nobody touched or built on since; the rest is listed in its report' })
  @ApiProblems(404)
  @ApiAcceptedResponse({ type: MigrationDto })
  async undo(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.undo(id, this.#actor()));
  }

  @Get('reports/:id')
  @ApiOperation({ summary: 'What a run has done: every row of every file, and why' })
  @ApiProblems(404)
  @ApiOkResponse(REPORT)
  async report(@IdParam() id: string, @Query() query: ReportQuery, @Res({ passthrough: true }) response: Response) {
    const report = await this.migration.runReport(id);
    return query.format === 'markdown' ? markdown(response, reportText(report)) : report;
  }

  @Get('assignments')
  @ApiPage(AssignmentDto)
  async assignments(): Promise<Page<AssignmentDto>> {
    return { items: (await this.migration.assignments()).map(toAssignmentDto), nextCursor: null };
  }

  @Post('assignments')
  @Idempotent()
  @ApiOperation({ summary: 'Say whose the rows of a file are that nobody can be said to own; plans made from then on follow it' })
  @ApiProblems(404)
  @ApiCreatedResponse({ type: AssignmentDto })
  async assign(@Body() { file, name, userId }: AssignDto): Promise<AssignmentDto> {
    return toAssignmentDto(await this.migration.assign(file, name ?? null, userId, this.#actor()));
  }

  #actor(): string {
    return this.users.current().userId;
  }

  #page(kind: MigrationKind, query: PageQuery): Promise<Page<MigrationDto>> {
    return pageById(query, async (page) => Promise.all((await this.migration.list(kind, page)).map((document) => this.#view(document))));
  }

  #begun(document: MigrationDocument, response: Response): Promise<MigrationDto> {
    response.location(`${ROOT}/${document.kind}s/${document.documentId}`);
    return this.#view(document);
  }

  async #view(document: MigrationDocument): Promise<MigrationDto> {
    return toMigrationDto(document, await this.migration.failureOf(document));
  }
}

import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { MigrationDocument } from '#catalog';
import { Roles } from '../../auth/access.decorators.js';
import { IdParam } from '../../http/id-param.js';
import { pageById } from '../../http/page-by-id.js';
import { ApiPage, PageQuery, type Page } from '../../http/page.js';
import { ApiProblems } from '../../http/problem.dto.js';
import { Idempotent } from '../../idempotency/idempotent.decorator.js';
import { UserContextService } from '../../user-context/user-context.service.js';
import { MigrationDto, ReportQuery, RunMigrationDto, toMigrationDto } from '../migration.dto.js';
import { MigrationService } from '../migration.service.js';
import { markdown, REPORT } from '../report-response.js';
import { reportText } from '../report-text.js';
import { MergePlanner } from './merge-planner.service.js';
import { MergeRunner } from './merge-runner.service.js';
import { PlanMergeDto } from './plan-merge.dto.js';

const ROOT = '/api/v2/migration/merges';

/** Two memories of one person become one. Administrators see numbers and reasons: never what is in a row. */
@ApiTags('migration')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 404, 409, 503)
@Roles('admin')
@Controller('api/v2/migration/merges')
export class MergesController {
  constructor(
    private readonly planner: MergePlanner,
    private readonly runner: MergeRunner,
    private readonly migration: MigrationService,
    private readonly users: UserContextService,
  ) {}

  @Post('plans')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Say what would become of one person’s memory in another one’s, and change nothing' })
  @ApiAcceptedResponse({ type: MigrationDto })
  async plan(@Body() { fromUserId, intoUserId }: PlanMergeDto, @Res({ passthrough: true }) response: Response): Promise<MigrationDto> {
    const plan = await this.planner.plan(fromUserId.toLowerCase(), intoUserId.toLowerCase(), this.#actor());
    response.location(`${ROOT}/plans/${plan.documentId}`);
    return this.#view(plan);
  }

  @Get('plans/:id')
  @ApiOkResponse({ type: MigrationDto })
  async getPlan(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.get('merge-plan', id));
  }

  @Get('plans/:id/report')
  @ApiOperation({ summary: 'What a run of the plan would do, if nothing is added until then' })
  @ApiOkResponse(REPORT)
  async planReport(@IdParam() id: string, @Query() query: ReportQuery, @Res({ passthrough: true }) response: Response) {
    const report = await this.migration.planReport(id, 'merge-plan');
    return query.format === 'markdown' ? markdown(response, reportText(report)) : report;
  }

  @Post('runs')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary:
      'Bring one memory into the other, archive it, and let all names open the merged one. It goes on by itself after a stop of the server',
  })
  @ApiAcceptedResponse({ type: MigrationDto })
  async run(@Body() { planId }: RunMigrationDto, @Res({ passthrough: true }) response: Response): Promise<MigrationDto> {
    const run = await this.runner.run(planId.toLowerCase(), this.#actor());
    response.location(`${ROOT}/runs/${run.documentId}`);
    return this.#view(run);
  }

  @Get('runs')
  @ApiPage(MigrationDto)
  runs(@Query() query: PageQuery): Promise<Page<MigrationDto>> {
    return pageById(query, async (page) =>
      Promise.all((await this.migration.list('merge-run', page)).map((document) => this.#view(document))),
    );
  }

  @Get('runs/:id')
  @ApiOkResponse({ type: MigrationDto })
  async getRun(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.migration.get('merge-run', id));
  }

  @Post('runs/:id/undo')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Give the person their own memory and names back, and take out what nobody touched or built on since; the rest is listed',
  })
  @ApiAcceptedResponse({ type: MigrationDto })
  async undo(@IdParam() id: string): Promise<MigrationDto> {
    return this.#view(await this.runner.undo(id, this.#actor()));
  }

  @Get('reports/:id')
  @ApiOperation({ summary: 'What a run has done: every row of the memory that was merged, and why' })
  @ApiOkResponse(REPORT)
  async report(@IdParam() id: string, @Query() query: ReportQuery, @Res({ passthrough: true }) response: Response) {
    const report = await this.migration.runReport(id, 'merge-run');
    return query.format === 'markdown' ? markdown(response, reportText(report)) : report;
  }

  #actor(): string {
    return this.users.current().userId;
  }

  async #view(document: MigrationDocument): Promise<MigrationDto> {
    return toMigrationDto(document, await this.migration.failureOf(document));
  }
}

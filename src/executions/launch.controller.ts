import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Scopes } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { CreateExecutionDto } from './create-execution.dto.js';
import { ExecutionDto, ExecutionPreviewDto } from './execution.dto.js';
import { ExecutionsService } from './executions.service.js';

/** Where executions begin: at the orchestrator that they run. */
@ApiTags('executions')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 404, 503)
@Controller('api/v2/orchestrators/:orchestratorId/executions')
export class LaunchController {
  constructor(private readonly executions: ExecutionsService) {}

  /** Plans an execution and begins it. It goes on by itself, also over a restart of the server. */
  @Post()
  @HttpCode(202)
  @Scopes('execute')
  @Idempotent()
  @ApiAcceptedResponse({ type: ExecutionDto })
  async create(
    @IdParam('orchestratorId') orchestratorId: string,
    @Body() body: CreateExecutionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ExecutionDto> {
    const execution = await this.executions.create(orchestratorId, body);
    response.location(`/api/v2/executions/${execution.id}`);
    return execution;
  }

  /** What would be planned: how many requests, and what the first prompt becomes. Nothing is kept or sent. */
  @Post('preview')
  @HttpCode(200)
  @Scopes('read')
  @ApiOkResponse({ type: ExecutionPreviewDto })
  preview(@IdParam('orchestratorId') orchestratorId: string, @Body() body: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    return this.executions.preview(orchestratorId, body);
  }
}

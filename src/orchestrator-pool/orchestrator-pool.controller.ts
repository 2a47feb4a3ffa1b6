import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NotFound } from '#core';
import { IdParam } from '../http/id-param.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { OrchestratorPoolDto } from './orchestrator-pool.dto.js';
import { OrchestratorPool } from './orchestrator-pool.service.js';

@ApiTags('orchestrator-pool')
@ApiBearerAuth()
@ApiProblems(401, 403)
@Controller('api/v2/orchestrator-pool')
export class OrchestratorPoolController {
  constructor(
    private readonly pool: OrchestratorPool,
    private readonly users: UserContextService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'How many compiled orchestrators are kept, and how well that works' })
  @ApiOkResponse({ type: OrchestratorPoolDto })
  stats(): OrchestratorPoolDto {
    const { userId, roles } = this.users.current();
    return roles.includes('admin') ? { scope: 'all', ...this.pool.stats() } : { scope: 'own', ...this.pool.stats(userId) };
  }

  /** The next execution has it compiled anew. Executions that use it at the moment go on. */
  @Delete(':orchestratorId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Drop what is kept of one of your orchestrators' })
  @ApiNoContentResponse()
  @ApiProblems(404)
  async end(@IdParam('orchestratorId') orchestratorId: string): Promise<void> {
    const ended = await this.pool.end(this.users.current().userId, orchestratorId);
    if (ended === 0) throw new NotFound('compiled orchestrator', orchestratorId);
  }
}

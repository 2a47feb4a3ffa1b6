import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../auth/access.decorators.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly health: HealthService,
    private readonly users: UserContextService,
  ) {}

  /** The process lives. */
  @Get('live')
  @Public()
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  /** The process can serve people: its catalog answers, its memory directory can be written, and it is not shutting down. */
  @Get('ready')
  @Public()
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.health.process(), () => this.health.catalogAnswers(), () => this.health.memoryDirectory()]);
  }

  /** How compiled orchestrators are kept: one's own; for administrators everybody's. */
  @Get('orchestrators')
  @ApiBearerAuth()
  @ApiProblems(401, 403)
  @HealthCheck()
  orchestrators(): Promise<HealthCheckResult> {
    const { userId, roles } = this.users.current();
    return this.checks.check([() => this.health.orchestratorPool(roles.includes('admin') ? undefined : userId)]);
  }
}

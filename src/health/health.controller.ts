import { Controller, Get, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import type { Response } from 'express';
import { Public } from '../auth/access.decorators.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { HealthReports, type HealthReport, type Part } from './health-report.js';
import { HealthService, type Asker } from './health.service.js';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly health: HealthService,
    private readonly reports: HealthReports,
    private readonly users: UserContextService,
  ) {}

  /** The process lives. */
  @Get('live')
  @Public()
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  @Get('ready')
  @Public()
  @HealthCheck()
  @ApiOperation({
    summary: 'Whether the server can serve people',
    description:
      'The catalog answers, is of this schema and can be written, memories can be made, there is space on the disk, and the server is not shutting down.',
  })
  async ready(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    return this.#answer(response, await this.health.ready());
  }

  @Get()
  @ApiBearerAuth()
  @ApiProblems(401, 403)
  @HealthCheck()
  @ApiOperation({ summary: 'All of it: healthy, warning or unhealthy, with reasons; for administrators of everybody' })
  async all(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    return this.#answer(response, await this.health.all(this.#asker()));
  }

  @Get('database')
  @ApiBearerAuth()
  @ApiProblems(401, 403)
  @HealthCheck()
  @ApiOperation({ summary: "How one's own memory is; for administrators also all memories, counted, and those that are unwell" })
  async database(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    return this.#answer(response, await this.health.database(this.#asker()));
  }

  @Get('orchestrators')
  @ApiBearerAuth()
  @ApiProblems(401, 403)
  @HealthCheck()
  @ApiOperation({ summary: "How compiled orchestrators are kept, and executions get on: one's own; for administrators everybody's" })
  async orchestrators(@Res({ passthrough: true }) response: Response): Promise<HealthReport> {
    return this.#answer(response, await this.health.orchestrators(this.#asker()));
  }

  async #answer(response: Response, parts: readonly Part[]): Promise<HealthReport> {
    const { status, report } = await this.reports.of(parts);
    response.status(status);
    return report;
  }

  #asker(): Asker {
    const { userId, roles } = this.users.current();
    return { userId, admin: roles.includes('admin') };
  }
}

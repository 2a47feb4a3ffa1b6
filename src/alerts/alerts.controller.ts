import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Roles } from '../auth/access.decorators.js';
import { catalogPage, httpPage } from '../auth/catalog-page.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { AlertDto, AlertQuery, AlertTestDto, toAlertDto } from './alert.dto.js';
import { AlertsService } from './alerts.service.js';

@ApiTags('alerts')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Roles('admin')
@Controller('api/v2/alerts')
export class AlertsController {
  constructor(
    private readonly alerts: AlertsService,
    private readonly users: UserContextService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What operators were alerted of, the newest first' })
  @ApiPage(AlertDto)
  async list(@Query() { state, acknowledged, ...page }: AlertQuery): Promise<Page<AlertDto>> {
    return httpPage(await this.alerts.list(catalogPage(page), { state, acknowledged }), toAlertDto);
  }

  @Post('test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a test alert to the webhook, and see what it answers' })
  @ApiOkResponse({ type: AlertTestDto })
  @ApiProblems(409)
  test(): Promise<AlertTestDto> {
    return this.alerts.test();
  }

  @Get(':id')
  @ApiOperation({ summary: 'One alert' })
  @ApiOkResponse({ type: AlertDto })
  @ApiProblems(404)
  async get(@IdParam() id: string): Promise<AlertDto> {
    return toAlertDto(await this.alerts.get(id));
  }

  /** It fires on until its cause is gone. */
  @Post(':id/acknowledge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say that somebody sees to it' })
  @ApiOkResponse({ type: AlertDto })
  @ApiProblems(404)
  async acknowledge(@IdParam() id: string): Promise<AlertDto> {
    return toAlertDto(await this.alerts.acknowledge(id, this.users.current().userId));
  }
}

import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Roles } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { pageById } from '../http/page-by-id.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { UserContextService } from '../user-context/user-context.service.js';
import {
  backupSummary,
  BackupDto,
  BackupSummaryDto,
  backupView,
  CreateBackupDto,
  VerificationDto,
  verificationView,
} from './backup.dto.js';
import { BackupService } from './backup.service.js';

@ApiTags('backups')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Roles('admin')
@Controller('api/v2/backups')
export class BackupsController {
  constructor(
    private readonly backups: BackupService,
    private readonly users: UserContextService,
  ) {}

  @Post()
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Back up everything, or the memory of one person, while everybody goes on working' })
  @ApiAcceptedResponse({ type: BackupDto })
  @ApiProblems(404, 409, 503)
  async create(@Body() { userId }: CreateBackupDto, @Res({ passthrough: true }) response: Response): Promise<BackupDto> {
    const run = await this.backups.start(userId?.toLowerCase() ?? null, this.users.current().userId);
    response.location(`/api/v2/backups/${run.id}`);
    return backupView({ run });
  }

  @Get()
  @ApiOperation({ summary: 'All that are in the directory of backups, and those that failed since the server started; the newest first' })
  @ApiPage(BackupSummaryDto)
  list(@Query() query: PageQuery): Promise<Page<BackupSummaryDto>> {
    return pageById(query, async ({ limit, before }) =>
      (await this.backups.list())
        .map(backupSummary)
        .filter(({ id }) => before === null || id < before)
        .slice(0, limit),
    );
  }

  @Get(':id')
  @ApiOkResponse({ type: BackupDto })
  @ApiProblems(404)
  async get(@IdParam() id: string): Promise<BackupDto> {
    return backupView(await this.backups.get(id));
  }

  @Post(':id/verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Read every byte of a backup, and say whether it is as it was made' })
  @ApiOkResponse({ type: VerificationDto })
  @ApiProblems(404, 409)
  async verify(@IdParam() id: string): Promise<VerificationDto> {
    return verificationView(await this.backups.verify(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems(404, 409)
  delete(@IdParam() id: string): Promise<void> {
    return this.backups.remove(id, this.users.current().userId);
  }
}

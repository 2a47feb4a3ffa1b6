import { Body, Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CatalogService } from '../catalog/catalog.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { IdentityFlipReports } from '../db-connection/identity-flip-reports.service.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { Roles } from './access.decorators.js';
import { NamedIdentity } from './named-identity.service.js';
import { AliasDto, BindAliasDto, toAliasDto } from './user.dto.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 404)
@Roles('admin')
@Controller('api/v2/users/:id/aliases')
export class AliasesController {
  constructor(
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly db: DbConnectionService,
    private readonly reports: IdentityFlipReports,
    private readonly identities: NamedIdentity,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The identities whose tokens open this person’s memory' })
  @ApiPage(AliasDto)
  async list(@IdParam() userId: string): Promise<Page<AliasDto>> {
    const aliases = await this.catalog.aliases.list(userId);
    return { items: aliases.map(toAliasDto), nextCursor: null };
  }

  @Post()
  @Idempotent()
  @ApiOperation({ summary: 'Let tokens with another identity open this person’s memory' })
  @ApiCreatedResponse({ type: AliasDto })
  @ApiProblems(409)
  async bind(@IdParam() userId: string, @Body() body: BindAliasDto, @Res({ passthrough: true }) response: Response): Promise<AliasDto> {
    const alias = await this.catalog.aliases.bind(userId, this.identities.of(body), this.users.current().userId);
    await this.reports.decided();
    await this.db.rememberAliases(userId);
    response.location(`/api/v2/users/${userId}/aliases/${alias.aliasId}`);
    return toAliasDto(alias);
  }

  @Delete(':aliasId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a bound identity away again' })
  @ApiNoContentResponse()
  @ApiProblems(409)
  async unbind(@IdParam() userId: string, @IdParam('aliasId') aliasId: string): Promise<void> {
    await this.catalog.aliases.unbind(userId, aliasId, this.users.current().userId);
    await this.db.rememberAliases(userId);
  }
}

import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CatalogService } from '../catalog/catalog.service.js';
import { IdentityFlipReports } from '../db-connection/identity-flip-reports.service.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { Roles } from './access.decorators.js';
import { catalogPage, httpPage } from './catalog-page.js';
import { IdentityFlipDto, toIdentityFlipDto } from './identity-flip.dto.js';
import { NamedIdentity } from './named-identity.service.js';
import { BindAliasDto } from './user.dto.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Roles('admin')
@Controller('api/v2')
export class IdentityFlipsController {
  constructor(
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly reports: IdentityFlipReports,
    private readonly identities: NamedIdentity,
  ) {}

  @Get('identity-flips')
  @ApiOperation({ summary: 'New names that may be those of people who have a memory, newest first' })
  @ApiPage(IdentityFlipDto)
  async list(@Query() page: PageQuery): Promise<Page<IdentityFlipDto>> {
    return httpPage(await this.catalog.identityFlips.list(catalogPage(page)), toIdentityFlipDto);
  }

  @Post('users/:id/strangers')
  @Idempotent()
  @ApiOperation({ summary: 'Say that a new name is not this person’s: it becomes somebody new, with a memory of their own' })
  @ApiCreatedResponse({ type: IdentityFlipDto })
  @ApiProblems(404, 409)
  async declare(@IdParam() userId: string, @Body() body: BindAliasDto): Promise<IdentityFlipDto> {
    const actor = this.users.current().userId;
    const flip = await this.catalog.identityFlips.declareStranger(userId, this.identities.of(body), actor);
    await this.reports.decided();
    return toIdentityFlipDto(flip);
  }
}

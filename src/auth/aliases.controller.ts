import { Body, Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Identity } from '#catalog';
import { InvalidInput } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { Roles } from './access.decorators.js';
import { canonicalName, oidcIdentity, SHARED_SECRET, Unidentified } from './canonical-user.js';
import { AliasDto, BindAliasDto, toAliasDto } from './user.dto.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 404)
@Roles('admin')
@Controller('api/v2/users/:id/aliases')
export class AliasesController {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly db: DbConnectionService,
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
    const alias = await this.catalog.aliases.bind(userId, this.#identityOf(body), this.users.current().userId);
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

  /** The identity that a token with this name will have. */
  #identityOf({ issuer, name }: BindAliasDto): Identity {
    try {
      if (issuer === SHARED_SECRET) return { issuer, name: canonicalName(name) };
      if (issuer === this.config.oidc?.issuer) {
        return oidcIdentity(issuer, { sub: name.startsWith(`${issuer}|`) ? name.slice(issuer.length + 1) : name });
      }
    } catch (error) {
      if (!(error instanceof Unidentified)) throw error;
      throw new InvalidInput(error.message, [{ pointer: '/name', detail: 'must be a name that tokens of this issuer can carry' }]);
    }
    const known = [SHARED_SECRET, ...(this.config.oidc ? [this.config.oidc.issuer] : [])];
    throw new InvalidInput('No tokens of this issuer are accepted.', [
      { pointer: '/issuer', detail: `must be one of: ${known.join(', ')}` },
    ]);
  }
}

import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { InvalidInput } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Problem } from '../http/problem.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { ApiKeyDto, CreateApiKeyDto, CreatedApiKeyDto, toApiKeyDto } from './api-key.dto.js';
import { catalogPage, httpPage } from './catalog-page.js';

@ApiTags('api-keys')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Controller('api/v2/api-keys')
export class ApiKeysController {
  constructor(
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly pool: OrchestratorPool,
  ) {}

  @Post()
  @Idempotent({ omitOnReplay: ['key'] })
  @ApiOperation({ summary: 'Make an API key for your programs' })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  async create(
    @Body() { name, scopes, expiresAt }: CreateApiKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedApiKeyDto> {
    const { userId } = this.#person();
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
      throw new InvalidInput('The key would never be valid.', [{ pointer: '/expiresAt', detail: 'must be in the future' }]);
    }
    const { key, secret } = await this.catalog.apiKeys.create({
      userId,
      name,
      scopes,
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    });
    response.location(`/api/v2/api-keys/${key.keyId}`);
    return Object.assign(toApiKeyDto(key), { key: secret });
  }

  @Get()
  @ApiOperation({ summary: 'Your API keys, oldest first' })
  @ApiPage(ApiKeyDto)
  async list(@Query() page: PageQuery): Promise<Page<ApiKeyDto>> {
    return httpPage(await this.catalog.apiKeys.list(this.users.current().userId, catalogPage(page)), toApiKeyDto);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One of your API keys' })
  @ApiOkResponse({ type: ApiKeyDto })
  @ApiProblems(404)
  async get(@IdParam() id: string): Promise<ApiKeyDto> {
    return toApiKeyDto(await this.catalog.apiKeys.get(this.users.current().userId, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End an API key at once' })
  @ApiNoContentResponse()
  @ApiProblems(404)
  async revoke(@IdParam() id: string): Promise<void> {
    const { userId } = this.#person();
    await this.catalog.apiKeys.revoke(userId, id);
    // As at a logout: what is kept of this person with secrets opened goes. Whoever needs it again has it compiled again.
    await this.pool.end(userId);
  }

  /** The user, in person: a key that could make keys could outlive its own revocation, or widen its scopes. */
  #person(): { readonly userId: string } {
    const user = this.users.current();
    if (user.apiKeyId !== undefined)
      throw new Problem(403, 'token-needed', 'API keys are made and revoked with a token, not with an API key.');
    return user;
  }
}

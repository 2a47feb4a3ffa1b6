import { Body, Delete, Get, Headers, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Plugin } from '#core';
import { etagOf, expectedRevision } from '../http/etag.js';
import { IdParam } from '../http/id-param.js';
import { pageById } from '../http/page-by-id.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { ConfigurationDto, CreateConfigurationDto, PluginTypeDto, UpdateConfigurationDto } from './configuration.dto.js';
import type { ConfigurationService } from './configuration.service.js';

/** The routes that all configurations have. */
@ApiProblems(400, 401, 403, 503)
export abstract class ConfigurationController<T extends Plugin> {
  protected constructor(
    protected readonly service: ConfigurationService<T>,
    private readonly path: string,
  ) {}

  @Get('types')
  @ApiOkResponse({ type: [PluginTypeDto] })
  types(): PluginTypeDto[] {
    return this.service.types();
  }

  @Get()
  @ApiPage(ConfigurationDto)
  list(@Query() query: PageQuery): Promise<Page<ConfigurationDto>> {
    return pageById(query, (page) => this.service.list(page));
  }

  @Post()
  @Idempotent()
  @ApiBody({ type: CreateConfigurationDto })
  @ApiCreatedResponse({ type: ConfigurationDto })
  async create(@Body() body: CreateConfigurationDto, @Res({ passthrough: true }) response: Response): Promise<ConfigurationDto> {
    const created = await this.service.create(body);
    response.location(`${this.path}/${created.id}`).setHeader('ETag', etagOf(created.revision));
    return created;
  }

  @Get(':id')
  @ApiProblems(404)
  @ApiOkResponse({ type: ConfigurationDto })
  async get(@IdParam() id: string, @Res({ passthrough: true }) response: Response): Promise<ConfigurationDto> {
    const found = await this.service.get(id);
    response.setHeader('ETag', etagOf(found.revision));
    return found;
  }

  @Patch(':id')
  @ApiProblems(404, 409, 412)
  @ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that the change is based on.' })
  @ApiBody({ type: UpdateConfigurationDto })
  @ApiOkResponse({ type: ConfigurationDto })
  async update(
    @IdParam() id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: UpdateConfigurationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConfigurationDto> {
    const updated = await this.service.update(id, expectedRevision(ifMatch), body);
    response.setHeader('ETag', etagOf(updated.revision));
    return updated;
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiProblems(404, 409, 412)
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiNoContentResponse()
  async delete(@IdParam() id: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    await this.service.delete(id, expectedRevision(ifMatch));
  }
}

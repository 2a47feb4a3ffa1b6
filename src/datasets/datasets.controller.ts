import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res, UploadedFile, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { InvalidInput } from '#core';
import { formatOf } from '#datasets';
import { IdParam } from '../http/id-param.js';
import { pageById, pageByPosition } from '../http/page-by-id.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { CreateDatasetDto, DatasetDto, PromptDto, UploadDatasetDto } from './dataset.dto.js';
import { DatasetsService } from './datasets.service.js';
import { SpooledFile } from './spooled-file.interceptor.js';

@ApiTags('datasets')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 503)
@Controller('api/v2/datasets')
export class DatasetsController {
  constructor(private readonly datasets: DatasetsService) {}

  @Get()
  @ApiPage(DatasetDto)
  list(@Query() query: PageQuery): Promise<Page<DatasetDto>> {
    return pageById(query, (page) => this.datasets.list(page));
  }

  @Post()
  @Idempotent()
  @ApiProblems(413)
  @ApiCreatedResponse({ type: DatasetDto })
  async create(@Body() body: CreateDatasetDto, @Res({ passthrough: true }) response: Response): Promise<DatasetDto> {
    return located(await this.datasets.create(body), response);
  }

  @Post('upload')
  @Idempotent()
  @ApiProblems(413)
  @UseInterceptors(SpooledFile)
  @ApiConsumes('multipart/form-data')
  @ApiCreatedResponse({ type: DatasetDto })
  async upload(
    @Body() head: UploadDatasetDto,
    @UploadedFile() file: Express.Multer.File | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DatasetDto> {
    if (!file) throw new InvalidInput('There is no file.', [{ pointer: '/file', detail: 'is required' }]);
    try {
      const format = formatOf(file.originalname, file.mimetype);
      return located(await this.datasets.upload(head, format, createReadStream(file.path)), response);
    } finally {
      await rm(file.path, { force: true });
    }
  }

  @Get(':id')
  @ApiProblems(404)
  @ApiOkResponse({ type: DatasetDto })
  get(@IdParam() id: string): Promise<DatasetDto> {
    return this.datasets.get(id);
  }

  @Get(':id/prompts')
  @ApiProblems(404)
  @ApiPage(PromptDto)
  prompts(@IdParam() id: string, @Query() query: PageQuery): Promise<Page<PromptDto>> {
    return pageByPosition(query, (page) => this.datasets.prompts(id, page));
  }

  @Delete(':id')
  @ApiProblems(404)
  @HttpCode(204)
  @ApiNoContentResponse()
  async delete(@IdParam() id: string): Promise<void> {
    await this.datasets.delete(id);
  }
}

function located(dataset: DatasetDto, response: Response): DatasetDto {
  response.location(`/api/v2/datasets/${dataset.id}`);
  return dataset;
}

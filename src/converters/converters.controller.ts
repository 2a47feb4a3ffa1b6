import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { ConverterType } from '#core';
import { Scopes } from '../auth/access.decorators.js';
import { ConfigurationController } from '../configurations/configuration.controller.js';
import { ApiProblems } from '../http/problem.dto.js';
import { ConverterPreviewDto, PreviewConvertersDto } from './converter.dto.js';
import { ConvertersService } from './converters.service.js';

@ApiTags('converters')
@ApiBearerAuth()
@Controller('api/v2/converters')
export class ConvertersController extends ConfigurationController<ConverterType> {
  constructor(private readonly converters: ConvertersService) {
    super(converters, '/api/v2/converters');
  }

  /** What a chain makes of some texts. Nothing is stored. */
  @Post('preview')
  @HttpCode(200)
  @Scopes('read')
  @ApiProblems(404)
  @ApiOkResponse({ type: ConverterPreviewDto })
  preview(@Body() body: PreviewConvertersDto): Promise<ConverterPreviewDto> {
    return this.converters.preview(body);
  }
}

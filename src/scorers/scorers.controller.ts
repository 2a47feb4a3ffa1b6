import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { ScorerType } from '#core';
import { Scopes } from '../auth/access.decorators.js';
import { ConfigurationController } from '../configurations/configuration.controller.js';
import { PreviewScorerDto, ScoreDto } from './scorer.dto.js';
import { ScorersService } from './scorers.service.js';

@ApiTags('scorers')
@ApiBearerAuth()
@Controller('api/v2/scorers')
export class ScorersController extends ConfigurationController<ScorerType> {
  constructor(private readonly scorers: ScorersService) {
    super(scorers, '/api/v2/scorers');
  }

  /** What a rule says of one answer. Nothing is stored, and nobody is asked. */
  @Post('preview')
  @HttpCode(200)
  @Scopes('read')
  @ApiOkResponse({ type: ScoreDto })
  preview(@Body() body: PreviewScorerDto): Promise<ScoreDto> {
    return this.scorers.preview(body);
  }
}

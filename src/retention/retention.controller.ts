import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem.dto.js';
import { RetentionDto, RetentionPreviewDto, RetentionPreviewQuery, RetentionRuleDto } from './retention.dto.js';
import { RetentionService } from './retention.service.js';

@ApiTags('me')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 503)
@Controller('api/v2/me/retention')
export class RetentionController {
  constructor(private readonly retention: RetentionService) {}

  @Get()
  @ApiOperation({ summary: 'How long one keeps what has ended' })
  @ApiOkResponse({ type: RetentionDto })
  get(): Promise<RetentionDto> {
    return this.retention.mine();
  }

  @Put()
  @ApiOperation({ summary: 'Keep what has ended for so long; what is older is removed once a day' })
  @ApiOkResponse({ type: RetentionDto })
  set(@Body() rule: RetentionRuleDto): Promise<RetentionDto> {
    return this.retention.setMine(rule);
  }

  @Get('preview')
  @ApiOperation({ summary: 'What would be removed now, by the rule that is set or by another one' })
  @ApiOkResponse({ type: RetentionPreviewDto })
  preview(@Query() rule: RetentionPreviewQuery): Promise<RetentionPreviewDto> {
    return this.retention.preview(rule);
  }
}

import { Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { IdParam } from '../http/id-param.js';
import { pageById } from '../http/page-by-id.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import {
  ConversationDto,
  DuplicateDto,
  DuplicateQuery,
  MemoryScoreDto,
  MemoryStatsDto,
  MessageDto,
  MessageQuery,
  ScoreQuery,
} from './memory.dto.js';
import { MemoryService } from './memory.service.js';

@ApiTags('memory')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 503)
@Controller('api/v2/memory')
export class MemoryController {
  constructor(private readonly memory: MemoryService) {}

  /** Messages, those of a conversation together and in order. */
  @Get('messages')
  @ApiPage(MessageDto)
  messages(@Query() query: MessageQuery): Promise<Page<MessageDto>> {
    return this.memory.messages(query);
  }

  @Get('conversations/:id')
  @ApiProblems(404)
  @ApiOkResponse({ type: ConversationDto })
  conversation(@IdParam() id: string): Promise<ConversationDto> {
    return this.memory.conversation(id);
  }

  /** Copies a conversation. Its scores show through the copy; they are not copied. */
  @Post('conversations/:id/duplicate')
  @ApiProblems(404)
  @HttpCode(201)
  @Idempotent()
  @ApiCreatedResponse({ type: DuplicateDto })
  async duplicate(
    @IdParam() id: string,
    @Query() { withoutLastTurn = false }: DuplicateQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DuplicateDto> {
    const conversationId = await this.memory.duplicate(id, withoutLastTurn);
    response.location(`/api/v2/memory/conversations/${conversationId}`);
    return { conversationId };
  }

  /** Scores, newest first. Those of a copied message are those of its original. */
  @Get('scores')
  @ApiPage(MemoryScoreDto)
  scores(@Query() query: ScoreQuery): Promise<Page<MemoryScoreDto>> {
    return pageById(query, (page) => this.memory.scores(query, page));
  }

  @Get('stats')
  @ApiOkResponse({ type: MemoryStatsDto })
  stats(): Promise<MemoryStatsDto> {
    return this.memory.stats();
  }
}

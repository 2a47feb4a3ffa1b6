import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import type { JsonObject, Role } from '#core';
import { PageQuery } from '../http/page.js';
import { QueryBoolean } from '../http/validation.pipe.js';

const ROLES = ['system', 'user', 'assistant'] as const;

export class MessageQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  conversationId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  executionId?: string;

  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({ description: 'A label that must be there: `key=value`.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  @Matches(/^[^=]+=/, { message: 'must have the form key=value' })
  label?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'At or after.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  sentAfter?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'At or before.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  sentBefore?: string;
}

export class ScoreQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  executionId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  messageId?: string;
}

export class DuplicateQuery {
  @ApiPropertyOptional({ default: false, description: 'Leaves out the last request with its answer.' })
  @QueryBoolean()
  @IsOptional()
  @IsIn([true, false])
  withoutLastTurn?: boolean;
}

export class MessageDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ format: 'uuid' }) conversationId: string;
  @ApiProperty({ type: 'integer' }) sequence: number;
  @ApiProperty({ enum: ROLES }) role: Role;
  @ApiProperty() originalValue: string;
  @ApiProperty({ description: 'As it was sent.' }) convertedValue: string;
  @ApiProperty() originalValueSha256: string;
  @ApiProperty() convertedValueSha256: string;
  @ApiProperty() dataType: string;
  @ApiProperty({ enum: ['none', 'blocked'] }) responseError: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) labels: Readonly<Record<string, string>>;
  @ApiProperty({ type: 'object', additionalProperties: true }) metadata: JsonObject;
  @ApiProperty({ format: 'uuid', description: 'The message that this one is a copy of, or its own id.' }) originalPromptId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) executionId: string | null;
  @ApiProperty({ type: String, nullable: true }) itemId: string | null;
  @ApiProperty({ format: 'date-time' }) sentAt: string;
}

export class ConversationDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ type: [MessageDto] }) messages: readonly MessageDto[];
}

export class DuplicateDto {
  @ApiProperty({ format: 'uuid' }) conversationId: string;
}

export class MemoryScoreDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ format: 'uuid' }) messageId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) executionId: string | null;
  @ApiProperty({ type: String, nullable: true }) itemId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) scoringRunId: string | null;
  @ApiProperty() scorer: string;
  @ApiProperty() scorerType: string;
  @ApiProperty() scorerVersion: string;
  @ApiProperty({ enum: ['true_false', 'float_scale'] }) scoreType: string;
  @ApiProperty() value: string;
  @ApiProperty({ type: String, nullable: true }) category: string | null;
  @ApiProperty() rationale: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) metadata: JsonObject | null;
  @ApiProperty({ format: 'date-time' }) scoredAt: string;
}

export class MemoryStatsDto {
  @ApiProperty({ type: 'integer' }) conversations: number;
  @ApiProperty({ type: 'integer' }) messages: number;
  @ApiProperty({ type: 'integer' }) scores: number;
  @ApiProperty({ type: 'integer', description: 'Prompts in datasets.' }) prompts: number;
  @ApiProperty({ type: 'integer' }) executions: number;
}

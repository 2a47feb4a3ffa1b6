import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import type { JsonValue, UnknownOutcomePolicy } from '#core';

class SpendingLimitsDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    nullable: true,
    description: 'It is paused before it would send more requests than that, judges and retries included.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  maxRequests?: number | null;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    nullable: true,
    description: 'It is paused when it has used that many tokens; those on the way are still awaited.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_000_000_000)
  maxTokens?: number | null;

  @ApiPropertyOptional({
    type: 'number',
    minimum: 0,
    nullable: true,
    description: 'It is paused when its tokens have cost that much, by the prices of its generators.',
  })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @IsPositive()
  maxCost?: number | null;
}

/** The limits under which an execution goes on; those that are left out stay as they are, and null takes one away. */
export class ResumeExecutionDto extends SpendingLimitsDto {}

/** Which answers; all that are given must hold. Copies, and what a content filter answered, are never among them. */
export class AnswerFilterDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Those that an execution brought.' })
  @IsOptional()
  @IsUUID()
  executionId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  conversationId?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, maxProperties: 50 })
  @IsOptional()
  @IsObject()
  labels?: Record<string, string>;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true })
  sentAfter?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true })
  sentBefore?: string;
}

export class CreateExecutionDto extends SpendingLimitsDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'The dataset whose prompts are sent; or give `prompts`.' })
  @IsOptional()
  @IsUUID()
  datasetId?: string;

  @ApiPropertyOptional({
    type: [String],
    maxItems: 10_000,
    description: 'The prompts themselves. Equal ones are sent as often as they occur.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10_000)
  prompts?: JsonValue[];

  @ApiPropertyOptional({
    type: AnswerFilterDto,
    description: 'For orchestrators of the type `scoring`: which stored answers are scored; all when left out.',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AnswerFilterDto)
  answers?: AnswerFilterDto;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'array', items: { type: 'string', format: 'uuid' } },
    description: "Converter chains that replace the orchestrator's for this execution.",
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  converters?: JsonValue[];

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 1, description: 'How often each prompt is sent.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  repeats?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description: 'Sends a random sample of so many prompts; the same for the same seed.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  sampleSize?: number;

  @ApiPropertyOptional({ maxLength: 200, description: 'Seeds the sample and random converters. Left out, one is made up and kept.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  seed?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 1_000 },
    maxProperties: 50,
    description: 'Kept with every message, for example `{ "operation": "autumn" }`.',
  })
  @IsOptional()
  @IsObject()
  labels?: Record<string, string>;

  @ApiPropertyOptional({
    enum: ['resend', 'mark'],
    default: 'resend',
    description: 'What is done with prompts that were in flight when the server died.',
  })
  @IsOptional()
  @IsIn(['resend', 'mark'])
  onUnknownOutcome?: UnknownOutcomePolicy;
}

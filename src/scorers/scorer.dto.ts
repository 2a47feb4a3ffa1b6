import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import type { JsonObject } from '#core';

export class PreviewScorerDto {
  @ApiProperty()
  @IsString()
  @MaxLength(100)
  type: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  parameters?: JsonObject;

  @ApiProperty({ maxLength: 100_000 })
  @IsString()
  @MaxLength(100_000)
  response: string;

  @ApiPropertyOptional({ maxLength: 100_000 })
  @IsOptional()
  @IsString()
  @MaxLength(100_000)
  prompt?: string;
}

export class ScoreDto {
  @ApiProperty({ enum: ['true_false', 'float_scale'] }) type: string;
  @ApiProperty({ description: '`true` or `false`, or decimal text from 0 to 1.' }) value: string;
  @ApiProperty({ type: String, nullable: true }) category: string | null;
  @ApiProperty() rationale: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) metadata: JsonObject | null;
}

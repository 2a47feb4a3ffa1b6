import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMinSize, IsArray, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { JsonObject, JsonValue } from '#core';

export class DatasetHeadDto {
  @ApiProperty({ maxLength: 200, example: 'jailbreaks, autumn' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @Matches(/^[^\p{Cc}]+$/u, { message: 'must not hold control characters' })
  name: string;

  @ApiPropertyOptional({ maxLength: 10_000 })
  @IsOptional()
  @IsString()
  @MaxLength(10_000)
  description?: string;
}

export class CreateDatasetDto extends DatasetHeadDto {
  @ApiProperty({
    type: 'array',
    minItems: 1,
    items: {
      oneOf: [
        { type: 'string' },
        {
          type: 'object',
          required: ['value'],
          properties: {
            value: { type: 'string', maxLength: 100_000 },
            harmCategories: { type: 'array', items: { type: 'string' } },
            metadata: { type: 'object', additionalProperties: true },
          },
        },
      ],
    },
    description: 'In order. A prompt that occurs again is left out and counted. Upload larger datasets as a file.',
  })
  // Each prompt is read as those of files are, in batches: validating ten thousand nested objects here would hold up everybody else.
  @IsArray()
  @ArrayMinSize(1)
  prompts: JsonValue[];
}

/** The form of an upload; the file itself is read by the multipart parser. */
export class UploadDatasetDto extends DatasetHeadDto {
  @ApiProperty({
    type: 'string',
    format: 'binary',
    description: 'A .csv with a `value` or `prompt` column, .jsonl, .json, or .txt with a prompt per line; UTF-8.',
  })
  @IsOptional()
  file?: unknown;
}

export class DatasetDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty() name: string;
  @ApiProperty() description: string;
  @ApiProperty({ description: 'How it came in.', enum: ['json', 'csv', 'jsonl', 'text'] }) source: string;
  @ApiProperty({ type: 'integer' }) promptCount: number;
  @ApiProperty({ type: 'integer', description: 'Prompts that were left out because they were there already.' }) duplicateCount: number;
  @ApiProperty({ description: 'SHA-256 of the prompt ids, in order.' }) contentHash: string;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
}

export class PromptDto {
  @ApiProperty({ description: 'A hash of the content: the same prompt has the same id everywhere.' }) id: string;
  @ApiProperty({ type: 'integer' }) position: number;
  @ApiProperty() value: string;
  @ApiProperty({ type: [String] }) harmCategories: readonly string[];
  @ApiProperty({ type: 'object', additionalProperties: true }) metadata: JsonObject;
}

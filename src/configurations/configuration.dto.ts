import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsObject, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { JsonObject } from '#core';

const NAME_RULE = { pattern: '^[^\\u0000-\\u001f\\u007f]+$', maxLength: 200 };

export class CreateConfigurationDto {
  @ApiProperty({ ...NAME_RULE, description: 'What you call it; unique among its kind.', example: 'local model' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @Matches(/^[^\p{Cc}]+$/u, { message: 'must not hold control characters' })
  name: string;

  @ApiProperty({ description: 'One of the names that `GET …/types` lists.' })
  @IsString()
  @MaxLength(100)
  type: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'As the JSON Schema of the type says.', default: {} })
  @IsOptional()
  @IsObject()
  parameters?: JsonObject;
}

export class UpdateConfigurationDto {
  @ApiPropertyOptional(NAME_RULE)
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @Matches(/^[^\p{Cc}]+$/u, { message: 'must not hold control characters' })
  name?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'Replaces all parameters. A secret that is left out stays as it is; null takes it away.',
  })
  @IsOptional()
  @IsObject()
  parameters?: JsonObject;
}

export class ConfigurationDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty() name: string;
  @ApiProperty() type: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Secrets are shown as `{ "set": true, "hint": "…abcd" }`.' })
  parameters: JsonObject;
  @ApiProperty({ type: 'integer', description: 'Also the ETag.' }) revision: number;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
  @ApiProperty({ format: 'date-time' }) updatedAt: string;
}

export class PluginTypeDto {
  @ApiProperty() name: string;
  @ApiProperty() title: string;
  @ApiProperty() description: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema (2020-12) of the parameters.' }) schema: JsonObject;
  @ApiProperty({ type: [String], description: 'Parameters that are write-only.' }) secrets: readonly string[];
}

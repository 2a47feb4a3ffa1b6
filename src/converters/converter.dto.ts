import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, IsOptional, IsString, IsUUID, MaxLength, ValidateNested } from 'class-validator';
import type { JsonObject } from '#core';

export class ConverterStepDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'A stored converter.' })
  @IsOptional()
  @IsUUID()
  id?: string;

  @ApiPropertyOptional({ description: 'Or a type, with its parameters.' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  type?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  parameters?: JsonObject;
}

export class PreviewConvertersDto {
  @ApiProperty({ type: [ConverterStepDto], maxItems: 20 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => ConverterStepDto)
  chain: ConverterStepDto[];

  @ApiProperty({ type: [String], maxItems: 20 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(20_000, { each: true })
  texts: string[];

  @ApiPropertyOptional({ description: 'What random converters are seeded with.', default: 'preview' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  seed?: string;
}

class ConvertedTextDto {
  @ApiProperty() original: string;
  @ApiProperty() converted: string;
}

export class ConverterPreviewDto {
  @ApiProperty({ type: [ConvertedTextDto] }) results: ConvertedTextDto[];
}

import { ApiProperty } from '@nestjs/swagger';
import type { AttackOutcome } from '#core';
import { CoverageDto } from './execution.dto.js';

export class ScorerSummaryDto {
  @ApiProperty() scorer: string;
  @ApiProperty() scorerType: string;
  @ApiProperty({ type: 'integer' }) scores: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'How many are true; null for a scale.' }) positive: number | null;
  @ApiProperty({ type: 'number', nullable: true, description: 'The mean of a scale; null for true or false.' }) mean: number | null;
}

export class ConverterSummaryDto extends CoverageDto {
  @ApiProperty({ type: [String], description: 'Names of the converters of the chain; empty for prompts as they are.' })
  converters: readonly string[];
  @ApiProperty({ type: [ScorerSummaryDto] }) scorers: readonly ScorerSummaryDto[];
}

export class OutcomeSummaryDto implements Record<AttackOutcome, number> {
  @ApiProperty({ type: 'integer', description: 'The objective was reached.' }) success: number;
  @ApiProperty({ type: 'integer' }) failure: number;
  @ApiProperty({ type: 'integer', description: 'Nobody could say.' }) undetermined: number;
  @ApiProperty({ type: 'integer' }) error: number;
}

export class ExecutionSummaryDto {
  @ApiProperty({ type: CoverageDto }) coverage: CoverageDto;
  @ApiProperty({ type: [ConverterSummaryDto] }) byConverter: readonly ConverterSummaryDto[];
  @ApiProperty({ type: [ScorerSummaryDto] }) byScorer: readonly ScorerSummaryDto[];
  @ApiProperty({ type: OutcomeSummaryDto, nullable: true, description: 'How attacks ended; null when nobody was asked.' })
  byOutcome: OutcomeSummaryDto | null;
}

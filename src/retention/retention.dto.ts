import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { QueryInteger } from '../http/validation.pipe.js';

const MOST_DAYS = 36_500;
const EXECUTIONS = 'Days after their end that executions are kept, with all that they brought; null keeps them for good.';
const CONVERSATIONS = 'Days after their last message that conversations of no execution are kept; null keeps them for good.';

export class RetentionRuleDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_DAYS, nullable: true, description: EXECUTIONS })
  @ValidateIf((_rule, value) => value !== null)
  @IsInt()
  @Min(1)
  @Max(MOST_DAYS)
  executionsDays: number | null;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_DAYS, nullable: true, description: CONVERSATIONS })
  @ValidateIf((_rule, value) => value !== null)
  @IsInt()
  @Min(1)
  @Max(MOST_DAYS)
  conversationsDays: number | null;
}

export class RetentionDto extends RetentionRuleDto {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Nothing is kept for longer on this server (RETENTION_DAYS); null: no limit.',
  })
  limitDays: number | null;
}

/** A rule to be tried; without it, the one that is set. */
export class RetentionPreviewQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_DAYS, description: EXECUTIONS })
  @IsOptional()
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MOST_DAYS)
  executionsDays?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_DAYS, description: CONVERSATIONS })
  @IsOptional()
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MOST_DAYS)
  conversationsDays?: number;
}

export class RetentionPreviewDto {
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Executions that ended before would go; null: none.' })
  executionsBefore: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Conversations last written to before would go; null: none.',
  })
  conversationsBefore: string | null;

  @ApiProperty({ type: 'integer' })
  executions: number;

  @ApiProperty({ type: 'integer' })
  conversations: number;

  @ApiProperty({ type: 'integer', description: 'Of both.' })
  messages: number;
}

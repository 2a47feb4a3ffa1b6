import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { type ExecutionState, type ItemState, type UnknownOutcomePolicy } from '#core';
import { PageQuery } from '../http/page.js';

const EXECUTION_STATES = ['queued', 'running', 'paused', 'completed', 'cancelled', 'failed'] as const;

class RequestCountDto {
  @ApiProperty({ type: 'integer', description: 'Requests to the model under test, at most, without retries.' }) target: number;
  @ApiProperty({ type: 'integer', description: 'Requests to the model that writes what is sent, at most, without retries.' })
  attacker: number;
  @ApiProperty({ type: 'integer', description: 'Requests to judges at most, without retries.' }) judge: number;
}

class SampleItemDto {
  @ApiProperty() original: string;
  @ApiProperty() converted: string;
  @ApiProperty({ type: [String], description: 'Names of the converters.' }) converters: readonly string[];
}

class EstimatedCostDto {
  @ApiProperty({ type: 'number', description: 'Of what is sent, at four characters a token.' }) input: number;
  @ApiProperty({ type: 'number', nullable: true, description: 'Of what comes back, at most; null without `maxTokens` of the generator.' })
  outputAtMost: number | null;
}

export class ExecutionPreviewDto {
  @ApiProperty({ type: 'integer' }) planned: number;
  @ApiProperty({ type: 'integer' }) prompts: number;
  @ApiProperty({ type: 'integer' }) chains: number;
  @ApiProperty({ type: 'integer' }) repeats: number;
  @ApiProperty({ type: RequestCountDto }) requests: RequestCountDto;
  @ApiProperty({
    type: EstimatedCostDto,
    nullable: true,
    description: 'Of the requests to the model under test, from the first prompts; null without a price of its generator.',
  })
  cost: EstimatedCostDto | null;
  @ApiProperty({ type: [SampleItemDto], description: 'What the first prompt becomes in each chain.' }) samples: readonly SampleItemDto[];
}

export class CoverageDto implements Record<ItemState, number> {
  @ApiProperty({ type: 'integer', description: 'The sum of all states below, always.' }) planned: number;
  @ApiProperty({ type: 'integer', description: 'Not at an end: planned, in flight, or waiting for scores.' }) open: number;
  @ApiProperty({ type: 'integer' }) answered: number;
  @ApiProperty({ type: 'integer' }) scored: number;
  @ApiProperty({ type: 'integer', description: "The model's content filter answered." }) blocked: number;
  @ApiProperty({ type: 'integer' }) errored: number;
  @ApiProperty({ type: 'integer' }) skipped: number;
  @ApiProperty({ type: 'integer' }) cancelled: number;
  @ApiProperty({ type: 'integer', description: 'Sent, but the outcome was lost.' }) unknown: number;
}

export class ProgressDto {
  @ApiProperty({ type: 'number', nullable: true, description: 'Prompts that came to an end per second, lately; null while nothing runs.' })
  promptsPerSecond: number | null;
  @ApiProperty({ type: 'number', nullable: true }) etaSeconds: number | null;
}

export class SpendingDto {
  @ApiProperty({ type: 'integer', description: 'Requests to all models, retries included.' }) requests: number;
  @ApiProperty({ type: 'integer', description: 'As far as the endpoints say them.' }) tokens: number;
  @ApiProperty({ type: 'number', description: 'Of the tokens that have a price.' }) cost: number;
  @ApiProperty({ type: 'integer', nullable: true }) maxRequests: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) maxTokens: number | null;
  @ApiProperty({ type: 'number', nullable: true }) maxCost: number | null;
}

export class EndpointDto {
  @ApiProperty({
    enum: ['closed', 'open', 'half-open'],
    description: '`closed`: all is well. `open`: it only fails, and is left alone until `retryAt`. `half-open`: it is being tried.',
  })
  breaker: 'closed' | 'open' | 'half-open';
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it is tried again, while the breaker is open.' })
  retryAt: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Until when it has asked to be left alone (Retry-After).',
  })
  heldUntil: string | null;
  @ApiProperty({ type: 'integer', description: 'How many requests may be on the way at present; fewer after it has refused some.' })
  window: number;
  @ApiProperty({ type: 'integer', description: 'Your requests that are on the way.' }) inFlight: number;
  @ApiProperty({ type: 'integer', description: 'Your requests that wait.' }) waiting: number;
}

export class ExecutionDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ format: 'uuid' }) orchestratorId: string;
  @ApiProperty() orchestratorName: string;
  @ApiProperty({ enum: EXECUTION_STATES }) state: ExecutionState;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is in this state, where the state alone does not say.' }) reason:
    string | null;
  @ApiProperty({ type: CoverageDto }) coverage: CoverageDto;
  @ApiProperty({ type: ProgressDto }) progress: ProgressDto;
  @ApiProperty({ type: EndpointDto, nullable: true, description: 'How the model under test is doing, while it runs.' })
  endpoint: EndpointDto | null;
  @ApiProperty({ type: SpendingDto }) spending: SpendingDto;
  @ApiProperty({ description: 'SHA-256 of the resolved plan and its items.' }) planHash: string;
  @ApiProperty({ enum: ['resend', 'mark'] }) onUnknownOutcome: UnknownOutcomePolicy;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) labels: Readonly<Record<string, string>>;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finishedAt: string | null;
}

export class ExecutionQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  orchestratorId?: string;

  @ApiPropertyOptional({ enum: EXECUTION_STATES })
  @IsOptional()
  @IsIn(EXECUTION_STATES)
  state?: ExecutionState;
}

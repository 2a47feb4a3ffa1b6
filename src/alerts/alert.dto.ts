import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import type { Alert } from '#catalog';
import type { JsonObject } from '#core';
import { PageQuery } from '../http/page.js';
import { QueryBoolean } from '../http/validation.pipe.js';

const SEVERITIES = ['info', 'warning', 'critical'] as const;
const STATES = ['firing', 'resolved'] as const;
const DELIVERIES = ['none', 'pending', 'sent', 'failed'] as const;

export class AlertQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES)
  state?: (typeof STATES)[number];

  @ApiPropertyOptional({ type: 'boolean', description: 'Only those that an administrator has acknowledged, or only those that none has.' })
  @QueryBoolean()
  @IsOptional()
  @IsBoolean()
  acknowledged?: boolean;
}

export class AlertDeliveryDto {
  @ApiProperty({ enum: DELIVERIES, description: 'Of the message about its present state; `none` without a webhook.' })
  state: (typeof DELIVERIES)[number];

  @ApiProperty({ type: 'integer' })
  attempts: number;

  @ApiProperty({ type: 'string', nullable: true, description: 'Why the last attempt failed.' })
  lastError: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  sentAt: string | null;
}

export class AlertDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'memory-switch' })
  type: string;

  @ApiProperty({ enum: SEVERITIES })
  severity: (typeof SEVERITIES)[number];

  @ApiProperty({ description: 'What makes it the same alert: of those that fire there is one of each.' })
  fingerprint: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  storeId: string | null;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  userId: string | null;

  @ApiProperty({ description: 'What it is, and what to do.' })
  summary: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  details: JsonObject;

  @ApiProperty({ enum: STATES })
  state: (typeof STATES)[number];

  @ApiProperty({ format: 'date-time' })
  firstAt: string;

  @ApiProperty({ format: 'date-time' })
  lastAt: string;

  @ApiProperty({ type: 'integer', description: 'How often it was raised.' })
  times: number;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  resolvedAt: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  acknowledgedAt: string | null;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  acknowledgedBy: string | null;

  @ApiProperty({ type: AlertDeliveryDto })
  delivery: AlertDeliveryDto;
}

export class AlertTestDto {
  @ApiProperty({ description: 'Whether the receiver has taken the message.' })
  taken: boolean;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Null when there was no answer.' })
  status: number | null;

  @ApiProperty({ example: 'The receiver answered 204.' })
  said: string;
}

export function toAlertDto({ alertId, ...shown }: Alert): AlertDto {
  return { id: alertId, ...shown };
}

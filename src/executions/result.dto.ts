import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ATTACK_OUTCOMES, ITEM_STATES, type AttackOutcome, type ItemState, type JsonObject } from '#core';
import { PageQuery } from '../http/page.js';

export class ItemQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ITEM_STATES })
  @IsOptional()
  @IsIn(ITEM_STATES)
  state?: ItemState;
}

export class ItemDto {
  @ApiProperty({ description: 'A hash of prompt, converter chain, repeat and occurrence.' }) id: string;
  @ApiProperty({ type: 'integer' }) position: number;
  @ApiProperty() promptId: string;
  @ApiProperty({ type: [String], description: 'Names of the converters.' }) converters: readonly string[];
  @ApiProperty({ type: 'integer' }) repeat: number;
  @ApiProperty({ enum: ITEM_STATES }) state: ItemState;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

export class ResultScoreDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty() scorer: string;
  @ApiProperty() scorerType: string;
  @ApiProperty({ description: 'Changes with the type, its parameters and its judge.' }) scorerVersion: string;
  @ApiProperty({ enum: ['true_false', 'float_scale'] }) scoreType: string;
  @ApiProperty() value: string;
  @ApiProperty({ type: String, nullable: true }) category: string | null;
  @ApiProperty() rationale: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) metadata: JsonObject | null;
  @ApiProperty({ format: 'uuid' }) scoringRunId: string;
}

export class ResultDto extends ItemDto {
  @ApiProperty() prompt: string;
  @ApiProperty({ type: String, nullable: true, description: 'As it was sent.' }) convertedPrompt: string | null;
  @ApiProperty({ type: String, nullable: true }) response: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) conversationId: string | null;
  @ApiProperty({ type: 'integer', description: 'Requests to the model for this item.' }) attempts: number;
  @ApiProperty({ type: 'integer', nullable: true }) latencyMs: number | null;
  @ApiProperty({ type: String, nullable: true }) finishReason: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) inputTokens: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) outputTokens: number | null;
  @ApiProperty({ type: [ResultScoreDto], description: 'Of the latest scoring run.' }) scores: readonly ResultScoreDto[];
  @ApiProperty({ type: () => AttackDto, nullable: true, description: 'How the attack ended; null when nobody was asked.' })
  attack: AttackDto | null;
}

/** How the attack on one objective ended. */
export class AttackDto {
  @ApiProperty({ enum: ATTACK_OUTCOMES }) outcome: AttackOutcome;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: 'integer', description: 'As the published method counts them.' }) turns: number;
  @ApiProperty({ type: 'integer' }) backtracks: number;
  @ApiProperty({ type: [String], format: 'uuid', description: 'Conversations with the target that were given up.' })
  prunedConversationIds: readonly string[];
  @ApiProperty({ type: [String], format: 'uuid', description: 'Conversations with the model that writes what is sent.' })
  attackerConversationIds: readonly string[];
  @ApiProperty({ type: 'integer', description: 'All answers of the target and the attacker together.' }) latencyMs: number;
  @ApiProperty({ type: 'integer' }) inputTokens: number;
  @ApiProperty({ type: 'integer' }) outputTokens: number;
}

export class ExportQuery {
  @ApiPropertyOptional({ enum: ['jsonl', 'csv'], default: 'jsonl' })
  @IsOptional()
  @IsIn(['jsonl', 'csv'])
  format?: 'jsonl' | 'csv';
}

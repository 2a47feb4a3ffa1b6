import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayNotEmpty, IsIn, IsISO8601, IsOptional, IsString, Length } from 'class-validator';
import type { ApiKey } from '#catalog';
import { AllDifferent } from '../http/validation.pipe.js';
import { SCOPES, type Scope } from '../user-context/user-context.js';

export class CreateApiKeyDto {
  @ApiProperty({ description: 'What it is for.', example: 'nightly run', minLength: 1, maxLength: 100 })
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true, description: '`read`, `write`, `execute` (send prompts), `admin` (what your roles allow).' })
  @ArrayNotEmpty()
  @AllDifferent()
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'When it ends by itself. Without it, it does not.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  expiresAt?: string;
}

export class ApiKeyDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ description: 'The end of the key.', example: '…x7Qw' })
  hint: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: readonly string[];

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  lastUsedAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  @ApiPropertyOptional({ description: 'The key itself. It is shown in this answer only; a repeated request does not show it again.' })
  key?: string;
}

export function toApiKeyDto({ keyId, userId: _owner, ...shown }: ApiKey): ApiKeyDto {
  return { id: keyId, ...shown };
}

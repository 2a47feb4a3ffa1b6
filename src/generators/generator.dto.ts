import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class TestGeneratorDto {
  @ApiProperty({ maxLength: 100_000, example: 'Say hello.' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(100_000)
  prompt: string;
}

class TokenUsageDto {
  @ApiProperty({ type: 'integer' }) inputTokens: number;
  @ApiProperty({ type: 'integer' }) outputTokens: number;
}

export class GeneratorTestDto {
  @ApiProperty({ description: "Whether the model's content filter answered." }) blocked: boolean;
  @ApiProperty() response: string;
  @ApiProperty({ type: String, nullable: true }) finishReason: string | null;
  @ApiProperty({ type: TokenUsageDto, nullable: true }) usage: TokenUsageDto | null;
  @ApiProperty({ type: 'integer' }) latencyMs: number;
}

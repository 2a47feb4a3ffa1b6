import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse, getSchemaPath } from '@nestjs/swagger';

export class FieldFaultDto {
  @ApiProperty({ description: 'A JSON pointer to the member that is wrong.', example: '/limit' })
  pointer: string;

  @ApiProperty({ example: 'must not be greater than 500' })
  detail: string;
}

/** An error, as every route answers it (RFC 9457). */
export class ProblemDto {
  @ApiProperty({ description: 'Stable; programs branch on it.', example: '/problems/invalid-input' })
  type: string;

  @ApiProperty({ example: 'Invalid input' })
  title: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status: number;

  @ApiProperty({ description: 'What is wrong, and what to do.' })
  detail: string;

  @ApiProperty({ description: 'The id of the request, under which the log has it.' })
  instance: string;

  @ApiPropertyOptional({ type: [FieldFaultDto] })
  errors?: FieldFaultDto[];

  @ApiPropertyOptional({ type: 'integer', description: 'Seconds after which it is worth trying again.' })
  retryAfter?: number;
}

/** Tells OpenAPI with which errors a route, or a controller, may answer. */
export const ApiProblems = (...statuses: readonly number[]): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
      }),
    ),
  );

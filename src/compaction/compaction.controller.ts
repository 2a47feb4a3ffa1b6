import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Roles } from '../auth/access.decorators.js';
import { IdParam } from '../http/id-param.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { CompactionService } from './compaction.service.js';

export class CompactionDto {
  @ApiProperty({ type: 'integer' })
  bytesBefore: number;

  @ApiProperty({ type: 'integer' })
  bytesAfter: number;
}

@ApiTags('stores')
@ApiBearerAuth()
@ApiProblems(400, 401, 403, 404, 409, 503)
@Roles('admin')
@Controller('api/v2/stores')
export class CompactionController {
  constructor(
    private readonly compactions: CompactionService,
    private readonly users: UserContextService,
  ) {}

  @Post(':userId/compact')
  @HttpCode(200)
  @ApiOperation({ summary: 'Write somebody’s memory anew without what was deleted in it; who asks for it meanwhile waits' })
  @ApiOkResponse({ type: CompactionDto })
  compact(@IdParam('userId') userId: string): Promise<CompactionDto> {
    return this.compactions.compact(userId, this.users.current().userId);
  }
}

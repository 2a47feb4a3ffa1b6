import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Roles } from '../auth/access.decorators.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { PutBackService } from '../db-connection/put-back.service.js';
import type { Rescued } from '../db-connection/quarantine.js';
import { RescuesService } from '../db-connection/rescues.service.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { RescueDto } from './rescue.dto.js';

@ApiTags('migration')
@ApiBearerAuth()
@ApiProblems(401, 403)
@Roles('admin')
@Controller('api/v2/migration/rescues')
export class RescuesController {
  constructor(
    private readonly db: DbConnectionService,
    private readonly rescues: RescuesService,
    private readonly putBacks: PutBackService,
    private readonly users: UserContextService,
  ) {}

  /** Has all open memories looked at, too: who asks here suspects something. Nobody waits for that, because a busy writer may hold it up. */
  @Get()
  @ApiOperation({ summary: 'The memories whose files went away under the running server, and were brought to safety; the newest first' })
  @ApiPage(RescueDto)
  async list(): Promise<Page<RescueDto>> {
    void this.db.rescueDisplaced();
    const items = await Promise.all(this.rescues.quarantine.list().map((note) => this.#view(note)));
    return { items, nextCursor: null };
  }

  /** Its person can use it again at once, and what was under way goes on. Whatever lies in its place has to be moved away before. */
  @Post(':id/put-back')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put a rescued memory back in its place' })
  @ApiOkResponse({ type: RescueDto })
  @ApiProblems(400, 404, 409, 503)
  async putBack(@IdParam() id: string): Promise<RescueDto> {
    return this.#view(await this.putBacks.putBack(id, this.users.current().userId));
  }

  async #view(note: Rescued): Promise<RescueDto> {
    const state = await this.rescues.stateOf(note);
    // What was intended, but not done, is no business of others.
    return { ...note, state, putBackAt: state === 'put-back' ? note.putBackAt : null };
  }
}

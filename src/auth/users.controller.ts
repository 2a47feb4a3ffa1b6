import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CatalogService } from '../catalog/catalog.service.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Roles } from './access.decorators.js';
import { catalogPage, httpPage } from './catalog-page.js';
import { toUserDto, UserDto } from './user.dto.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Roles('admin')
@Controller('api/v2/users')
export class UsersController {
  constructor(private readonly catalog: CatalogService) {}

  @Get()
  @ApiOperation({ summary: 'Everyone who was ever here, oldest first' })
  @ApiPage(UserDto)
  async list(@Query() page: PageQuery): Promise<Page<UserDto>> {
    return httpPage(await this.catalog.users.list(catalogPage(page)), toUserDto);
  }
}

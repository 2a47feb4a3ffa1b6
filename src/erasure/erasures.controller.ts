import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Erasure } from '#catalog';
import { Roles } from '../auth/access.decorators.js';
import { catalogPage, httpPage } from '../auth/catalog-page.js';
import { IdParam } from '../http/id-param.js';
import { ApiPage, PageQuery, type Page } from '../http/page.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { EraseDto, ErasureDto, toErasureDto } from './erasure.dto.js';
import { ErasureService } from './erasure.service.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiProblems(400, 401, 403)
@Roles('admin')
@Controller('api/v2')
export class ErasuresController {
  constructor(
    private readonly erasures: ErasureService,
    private readonly users: UserContextService,
  ) {}

  @Post('users/:id/erasures')
  @HttpCode(202)
  @ApiOperation({ summary: 'Erase a person with everything of theirs, for good' })
  @ApiAcceptedResponse({ type: ErasureDto })
  @ApiProblems(404, 409)
  async begin(
    @IdParam() userId: string,
    @Body() { confirm }: EraseDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ErasureDto> {
    const erasure = await this.erasures.begin(userId, confirm, this.users.current().userId);
    response.location(`/api/v2/erasures/${erasure.erasureId}`);
    return this.#shown(erasure);
  }

  @Get('erasures')
  @ApiOperation({ summary: 'Who was erased, and who is being erased: ids only, the newest first' })
  @ApiPage(ErasureDto)
  async list(@Query() page: PageQuery): Promise<Page<ErasureDto>> {
    return httpPage(await this.erasures.list(catalogPage(page)), (erasure) => this.#shown(erasure));
  }

  @Get('erasures/:id')
  @ApiOkResponse({ type: ErasureDto })
  @ApiProblems(404)
  async get(@IdParam() id: string): Promise<ErasureDto> {
    return this.#shown(await this.erasures.get(id));
  }

  #shown(erasure: Erasure): ErasureDto {
    return toErasureDto(erasure, this.erasures.failureOf(erasure));
  }
}

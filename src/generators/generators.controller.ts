import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { GeneratorError, type GeneratorType } from '#core';
import { Scopes } from '../auth/access.decorators.js';
import { ConfigurationController } from '../configurations/configuration.controller.js';
import { IdParam } from '../http/id-param.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Problem } from '../http/problem.js';
import { GeneratorTestDto, TestGeneratorDto } from './generator.dto.js';
import { GeneratorsService } from './generators.service.js';

@ApiTags('generators')
@ApiBearerAuth()
@Controller('api/v2/generators')
export class GeneratorsController extends ConfigurationController<GeneratorType> {
  constructor(private readonly generators: GeneratorsService) {
    super(generators, '/api/v2/generators');
  }

  /** Sends one prompt to the model and returns what it says. Nothing is remembered. */
  @Post(':id/test')
  @HttpCode(200)
  @Scopes('execute')
  @ApiProblems(404, 502)
  @ApiOkResponse({ type: GeneratorTestDto })
  async test(@IdParam() id: string, @Body() { prompt }: TestGeneratorDto): Promise<GeneratorTestDto> {
    try {
      return await this.generators.test(id, prompt);
    } catch (error) {
      if (error instanceof GeneratorError) {
        throw new Problem(502, `generator-${error.fault}`, error.message, { retryAfterMs: error.retryAfterMs });
      }
      throw error;
    }
  }
}

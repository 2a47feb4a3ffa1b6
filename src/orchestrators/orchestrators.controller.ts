import { Controller } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ConfigurationController } from '../configurations/configuration.controller.js';
import type { OrchestratorType } from './orchestrator-types.js';
import { OrchestratorsService } from './orchestrators.service.js';

@ApiTags('orchestrators')
@ApiBearerAuth()
@Controller('api/v2/orchestrators')
export class OrchestratorsController extends ConfigurationController<OrchestratorType> {
  constructor(orchestrators: OrchestratorsService) {
    super(orchestrators, '/api/v2/orchestrators');
  }
}

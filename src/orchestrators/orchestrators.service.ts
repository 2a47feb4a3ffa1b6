import { Injectable } from '@nestjs/common';
import type { JsonObject } from '#core';
import type { MemoryReaders } from '#memory';
import { ConfigurationService, requireReference } from '../configurations/configuration.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { orchestratorTypes, type OrchestratorParameters, type OrchestratorType } from './orchestrator-types.js';

@Injectable()
export class OrchestratorsService extends ConfigurationService<OrchestratorType> {
  constructor(db: DbConnectionService) {
    super(db, orchestratorTypes, 'orchestrators');
  }

  /** The function of a strategy. */
  compile(type: string, parameters: JsonObject) {
    return orchestratorTypes.get(type).strategy.create(parameters);
  }

  protected override async tryOut(type: OrchestratorType, parameters: JsonObject): Promise<void> {
    type.strategy.create((parameters as unknown as OrchestratorParameters).strategy);
  }

  protected override async checkReferences(memory: MemoryReaders, parameters: JsonObject): Promise<void> {
    const { generatorId, converterChains, scorerIds } = parameters as unknown as OrchestratorParameters;
    await requireReference(memory, 'generators', generatorId, '/parameters/generatorId');
    for (const [chain, ids] of converterChains.entries()) {
      for (const [index, id] of ids.entries()) {
        await requireReference(memory, 'converters', id, `/parameters/converterChains/${chain}/${index}`);
      }
    }
    for (const [index, id] of scorerIds.entries()) await requireReference(memory, 'scorers', id, `/parameters/scorerIds/${index}`);
  }
}

import { Injectable } from '@nestjs/common';
import type { JsonObject, StrategyType } from '#core';
import type { MemoryReaders } from '#memory';
import { ConfigurationService, requireReference } from '../configurations/configuration.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { orchestratorTypes, type OrchestratorParameters, type OrchestratorType } from './orchestrator-types.js';

@Injectable()
export class OrchestratorsService extends ConfigurationService<OrchestratorType> {
  constructor(db: DbConnectionService) {
    super(db, orchestratorTypes, 'orchestrators');
  }

  /** The strategy of a type. */
  strategy(type: string): StrategyType {
    return orchestratorTypes.get(type).strategy;
  }

  protected override async tryOut(type: OrchestratorType, parameters: JsonObject): Promise<void> {
    type.strategy.create((parameters as unknown as OrchestratorParameters).strategy);
  }

  protected override async checkReferences(memory: MemoryReaders, parameters: JsonObject): Promise<void> {
    const { generatorId, attackerGeneratorId, converterChains, scorerIds } = parameters as unknown as OrchestratorParameters;
    if (generatorId !== undefined) await requireReference(memory, 'generators', generatorId, '/parameters/generatorId');
    if (attackerGeneratorId !== undefined) {
      await requireReference(memory, 'generators', attackerGeneratorId, '/parameters/attackerGeneratorId');
    }
    for (const [name, value] of Object.entries(parameters)) {
      if (name.endsWith('ScorerId') && typeof value === 'string') await requireReference(memory, 'scorers', value, `/parameters/${name}`);
    }
    for (const [chain, ids] of (converterChains ?? []).entries()) {
      for (const [index, id] of ids.entries()) {
        await requireReference(memory, 'converters', id, `/parameters/converterChains/${chain}/${index}`);
      }
    }
    for (const [index, id] of scorerIds.entries()) await requireReference(memory, 'scorers', id, `/parameters/scorerIds/${index}`);
  }
}

import { Injectable } from '@nestjs/common';
import { InvalidInput, type JsonObject, type Scorer, type ScorerType } from '#core';
import type { MemoryReaders, MemoryWriters } from '#memory';
import { scorers, scorerVersion } from '#scorers';
import { ConfigurationService, mentions, requireReference } from '../configurations/configuration.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { PreviewScorerDto, ScoreDto } from './scorer.dto.js';

@Injectable()
export class ScorersService extends ConfigurationService<ScorerType> {
  constructor(db: DbConnectionService) {
    super(db, scorers, 'scorers');
  }

  /** The function of a stored scorer, or of what a plan has kept of one. */
  compile(type: string, parameters: JsonObject): Scorer {
    return scorers.get(type).create(scorers.validate(type, parameters));
  }

  version(type: string, parameters: JsonObject): string {
    return scorerVersion(type, parameters);
  }

  /** The generator that judges for a scorer of this type, or null when it judges by itself. */
  judgeOf(type: string, parameters: JsonObject): string | null {
    const { generatorId } = parameters;
    return scorers.get(type).needsJudge && typeof generatorId === 'string' ? generatorId : null;
  }

  /** Scores one text by a rule; keeps nothing. A judge would be asked on a person's account, so those are tried in an execution. @throws InvalidInput */
  async preview({ type, parameters = {}, response, prompt = '' }: PreviewScorerDto): Promise<ScoreDto> {
    if (scorers.get(type).needsJudge) {
      throw new InvalidInput('A scorer that asks a model can not be previewed. Run it in a small execution instead.', [
        { pointer: '/type', detail: 'must be a type that judges by rules' },
      ]);
    }
    const score = this.compile(type, parameters);
    const signal = AbortSignal.timeout(5_000);
    return score(
      { response, objective: prompt, prompt, convertedPrompt: prompt },
      { signal, judge: () => Promise.reject(new TypeError('There is no judge in a preview.')) },
    );
  }

  protected override async tryOut(type: ScorerType, parameters: JsonObject): Promise<void> {
    type.create(parameters);
  }

  protected override async checkReferences(memory: MemoryReaders, parameters: JsonObject): Promise<void> {
    const { generatorId } = parameters;
    if (typeof generatorId === 'string') await requireReference(memory, 'generators', generatorId, '/parameters/generatorId');
  }

  protected override async referrers(memory: MemoryWriters, id: string): Promise<string[]> {
    return mentions(memory, 'orchestrators', id);
  }
}

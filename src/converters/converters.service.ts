import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InvalidInput, seededRandom, type Converter, type ConverterType, type JsonObject } from '#core';
import { applyChain, converters } from '#converters';
import type { MemoryWriters } from '#memory';
import { ConfigurationService, mentions } from '../configurations/configuration.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { ConverterPreviewDto, PreviewConvertersDto } from './converter.dto.js';

@Injectable()
export class ConvertersService extends ConfigurationService<ConverterType> {
  constructor(db: DbConnectionService) {
    super(db, converters, 'converters');
  }

  /** The function of a stored converter, or of what a plan has kept of one. */
  compile(type: string, parameters: JsonObject): Converter {
    return converters.get(type).create(converters.validate(type, parameters));
  }

  /** Applies a chain to texts; keeps nothing. @throws InvalidInput, NotFound */
  async preview({ chain, texts, seed = 'preview' }: PreviewConvertersDto): Promise<ConverterPreviewDto> {
    const compiled: Converter[] = [];
    for (const [index, step] of chain.entries()) {
      if ((step.id === undefined) === (step.type === undefined)) {
        throw new InvalidInput('A step is either a stored converter or a type with parameters.', [
          { pointer: `/chain/${index}`, detail: 'must have exactly one of `id` and `type`' },
        ]);
      }
      if (step.id !== undefined) {
        const { id } = step;
        const row = await this.db.read((memory) => memory.configurations('converters').get(id));
        compiled.push(this.compile(row.type, row.parameters));
      } else {
        compiled.push(this.compile(step.type ?? '', step.parameters ?? {}));
      }
    }
    const results = [];
    for (const [place, original] of texts.entries()) {
      let converted = original;
      for (const [index, converter] of compiled.entries()) {
        converted = applyChain([converter], converted, () => seededRandom(`${seed}/${place}/${index}`));
        // A step can take milliseconds, and there can be four hundred: the others get their turn in between.
        await nextTurn();
      }
      results.push({ original, converted });
    }
    return { results };
  }

  protected override async tryOut(type: ConverterType, parameters: JsonObject): Promise<void> {
    type.create(parameters);
  }

  protected override async referrers(memory: MemoryWriters, id: string): Promise<string[]> {
    return mentions(memory, 'orchestrators', id);
  }
}

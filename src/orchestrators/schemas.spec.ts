import { expect, it } from '@jest/globals';
import { converters } from '#converters';
import { InvalidInput, type Plugin, type Registry } from '#core';
import { generators } from '#generators';
import { scorers } from '#scorers';
import { strategies } from '#strategies';
import { orchestratorTypes } from './orchestrator-types.js';

const registries: readonly Registry<Plugin>[] = [generators, converters, scorers, strategies, orchestratorTypes];

it.each(registries.flatMap((registry) => registry.list().map(({ name }) => [registry.noun, name, registry] as const)))(
  'the schema of the %s %s can be compiled',
  (_noun, name, registry) => {
    try {
      registry.validate(name, {});
    } catch (error) {
      // It lacks parameters; anything else would be the schema's fault.
      if (!(error instanceof InvalidInput)) throw error;
    }
    expect(() => registry.validate(name, { 'what nobody knows': true })).toThrow(InvalidInput);
  },
);

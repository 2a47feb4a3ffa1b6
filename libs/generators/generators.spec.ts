import { expect, test } from '@jest/globals';
import { generators } from './index.js';

test('every type is described for the person who chooses it', () => {
  expect(generators.list().map(({ name }) => name)).toEqual(['echo', 'http', 'openai-compatible', 'practice']);
  for (const { schema, secrets, description, title } of generators.list()) {
    expect(`${title}${description}`.length).toBeGreaterThan(40);
    expect(schema['additionalProperties']).toBe(false);
    const properties = schema['properties'] as Record<string, { description?: string }>;
    for (const [name, property] of Object.entries(properties)) expect([name, property.description?.length]).not.toEqual([name, undefined]);
    for (const secret of secrets) expect(properties[secret]?.description).toMatch(/^Secret\./);
  }
});

test('unknown and unfitting parameters are refused by name', () => {
  expect(() => generators.validate('echo', { speed: 1 })).toThrow("The parameters do not fit the generator type 'echo'.");
  expect(() => generators.validate('openai-compatible', { model: 'm', baseUrl: 'http://x', timeoutMs: 99 })).toThrow();
  expect(generators.validate('openai-compatible', { model: 'm', baseUrl: 'http://x' })).toEqual({
    model: 'm',
    baseUrl: 'http://x',
    apiKeyHeader: 'authorization',
    maxTokensParameter: 'max_tokens',
    timeoutMs: 60_000,
    maxInFlight: 10,
  });
});

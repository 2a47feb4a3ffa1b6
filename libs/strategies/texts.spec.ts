import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#core';
import { strategies } from './index.js';
import { readTemplate } from './template.js';
import { faultsOf } from './testing/play.js';

const TEMPLATES = join(import.meta.dirname, 'templates');
const files = readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' }).filter((file) => /\.\w+$/.test(file));
const types = strategies.list();
const defaults = new Set(types.flatMap(({ schema }) => defaultsIn(schema)));

/** What a template file holds: its text, its parts, or the texts of a JSON file. */
function textsOfFile(file: string): readonly string[] {
  if (file.endsWith('.json')) {
    const { version, examples } = JSON.parse(readFileSync(join(TEMPLATES, file), 'utf8')) as { version: number; examples: JsonObject[] };
    if (!Number.isInteger(version)) throw new Error(`${file} has no version.`);
    return textsIn(examples);
  }
  const { text } = readTemplate(file.replace(/\.md$/, ''));
  if (!text.startsWith('## ')) return [text];
  return text.split(/^## [A-Za-z-]+$/m).flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function defaultsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => (key === 'default' ? textsIn(value) : defaultsIn(value)));
}

const parametersOf = (schema: JsonObject): [string, JsonObject][] => Object.entries(schema['properties'] as Record<string, JsonObject>);

describe('the templates', () => {
  it.each(files)('%s is said by a strategy, as the default of a parameter', (file) => {
    const texts = textsOfFile(file);
    expect(texts).not.toEqual([]);
    expect(texts.filter((text) => !defaults.has(text))).toEqual([]);
  });
});

describe.each(types.map((type) => [type.name, type] as const))('%s', (name, type) => {
  it('describes each parameter, and has a default for it', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    for (const [parameter, schema] of parametersOf(type.schema)) {
      expect([parameter, schema['description']]).toEqual([parameter, expect.stringMatching(/^[A-Z].*[.]$/s)]);
    }
    const filled = strategies.validate(name, {});
    expect(Object.keys(filled).sort()).toEqual(
      parametersOf(type.schema)
        .map(([parameter]) => parameter)
        .sort(),
    );
    expect(strategies.validate(name, filled)).toEqual(filled);
  });

  it('can be made with the defaults', () => {
    expect(type.create(strategies.validate(name, {}))).toBeInstanceOf(Function);
  });

  it('has a price for its partners and its judges alone', () => {
    const { target, attacker, judgements } = type.cost(strategies.validate(name, {}));
    expect(target > 0).toBe(type.subject !== 'answers');
    expect(attacker > 0).toBe(type.needsAttacker);
    expect(Object.keys(judgements).sort()).toEqual(type.judges.map(({ role }) => role).sort());
  });

  it('refuses parameters that it does not have', () => {
    expect(faultsOf(name, { nobody: 1 })).toEqual([{ pointer: '/parameters/nobody', detail: 'is not known here' }]);
  });

  it('refuses templates with places that nobody fills', () => {
    const templates = files.filter((file) => file.endsWith('.md')).flatMap(textsOfFile);
    const filled = strategies.validate(name, {});
    for (const [parameter, value] of Object.entries(filled)) {
      if (typeof value !== 'string' || !templates.includes(value)) continue;
      const [fault, ...others] = faultsOf(name, { [parameter]: `${value} {{ nobody }}` });
      expect(others).toEqual([]);
      expect(fault?.pointer).toBe(`/parameters/strategy/${parameter}`);
      expect(fault?.detail).toMatch(/^must not contain \{\{ nobody \}\}; it may contain (no places|\{\{ \w+ \}\}.*)$/);
    }
  });
});

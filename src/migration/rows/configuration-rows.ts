import { contentId, isUuid, secretHint, type JsonObject, type JsonValue } from '#core';
import type { LegacyConfiguration, LegacyOrchestrator, LegacyRowOf } from '#legacy';
import type { ImportedConfiguration, ImportRow, StoredSecret } from '#memory';
import { momentOf, type RowContext } from './row-context.js';

type ConfigurationNoun = 'generator' | 'converter' | 'scorer' | 'orchestrator';
type Configured = LegacyRowOf<'generator' | 'converter' | 'scorer'> | LegacyRowOf<'orchestrator'>;

/** A generator, converter, scorer or orchestrator: as it was configured, its secrets sealed and taken out of the parameters. */
export function configurationRow(row: Configured, context: RowContext): ImportRow {
  const { noun, value, provenance } = row;
  const id = isUuid(value.id) ? value.id : contentId({ noun, id: value.id });
  const { parameters, secrets } = withoutSecrets(noun, id, value, context);
  const configuration: ImportedConfiguration = {
    id,
    name: value.name,
    type: value.type ?? 'unknown',
    parameters: 'tags' in value ? orchestratorParameters(value, parameters) : parameters,
    secrets,
    origin: context.origin,
    createdAt: momentOf(value.createdAt),
    updatedAt: momentOf(value.updatedAt ?? value.createdAt),
  };
  return { noun, provenance, value: configuration, original: context.original(row) };
}

/** What an orchestrator here has no columns for. */
function orchestratorParameters({ description, tags }: LegacyOrchestrator, parameters: JsonObject): JsonObject {
  return { ...parameters, ...(description === null ? {} : { description }), ...(tags.length === 0 ? {} : { tags: [...tags] }) };
}

function withoutSecrets(
  noun: ConfigurationNoun,
  id: string,
  { parameters, secrets: pointers }: Pick<LegacyConfiguration, 'parameters' | 'secrets'>,
  context: RowContext,
): Pick<ImportedConfiguration, 'parameters' | 'secrets'> {
  const secrets: Record<string, StoredSecret> = {};
  const open = structuredClone(parameters) as Record<string, JsonValue>;
  for (const pointer of pointers) {
    const path = pointer.slice(1).split('/').map(unescaped);
    const last = path.at(-1) ?? '';
    const parent = path.slice(0, -1).reduce<Record<string, JsonValue>>((at, name) => at[name] as Record<string, JsonValue>, open);
    const value = parent[last];
    if (typeof value !== 'string') continue;
    const name = path.join('/');
    secrets[name] = { kind: 'sealed', sealed: context.secret(noun, id, name, value), hint: secretHint(value) };
    delete parent[last];
  }
  return { parameters: open, secrets };
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

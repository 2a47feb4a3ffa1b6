import type { JsonObject, JsonValue, Role } from '#core';
import { asObject, type Fields } from './fields.js';
import { instanceOf } from './identifier.js';
import { labelsOf } from './labels.js';
import type { LegacyTime, TimeAssumption } from './legacy-time.js';

/** A piece of a conversation, in the words of a message of this server. */
export interface LegacyMessage {
  readonly id: string;
  readonly conversationId: string;
  /** The turn; pieces of one message share it. −1 or null where PyRIT did not number. */
  readonly sequence: number | null;
  /** Null for a role that this server doesn't have; then `storedRole` says which. */
  readonly role: Role | null;
  readonly storedRole: string;
  readonly sentAt: LegacyTime | null;
  readonly originalValue: string;
  readonly originalValueSha256: string | null;
  readonly originalDataType: string;
  /** Null when only the original was stored. */
  readonly convertedValue: string | null;
  readonly convertedValueSha256: string | null;
  readonly convertedDataType: string;
  readonly responseError: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** The message that this one is a copy of, or its own id. */
  readonly originalPromptId: string;
  readonly converters: readonly JsonObject[];
  readonly target: JsonObject;
  readonly orchestrator: JsonObject;
  readonly orchestratorId: string | null;
}

/** Roles of later releases, by what they are here. */
const ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  developer: 'system',
  simulated_assistant: 'assistant',
};

/** @throws RowUnreadable */
export function readMessage(fields: Fields, assumption: TimeAssumption): LegacyMessage {
  const id = fields.needId('id', 'uuid');
  const storedRole = fields.need('role');
  const role = ROLES[storedRole] ?? null;
  if (role === null) fields.notes.push('Its role is none that this server has.');
  const orchestrator = fields.object('orchestrator_identifier', 'attack_identifier', 'orchestrator');
  const originalDataType = fields.text('original_value_data_type', 'original_prompt_data_type') ?? 'text';
  if (originalDataType.endsWith('_path'))
    fields.notes.push('Its value is the path of a file of its time, which is not part of the database.');
  return {
    id,
    conversationId: fields.need('conversation_id'),
    sequence: fields.integer('sequence'),
    role,
    storedRole,
    sentAt: fields.time(assumption, 'timestamp'),
    originalValue: fields.need('original_value', 'original_prompt_text', 'content'),
    originalValueSha256: fields.text('original_value_sha256', 'original_prompt_data_sha256', 'sha256'),
    originalDataType,
    convertedValue: fields.text('converted_value', 'converted_prompt_text'),
    convertedValueSha256: fields.text('converted_value_sha256', 'converted_prompt_data_sha256'),
    convertedDataType: fields.text('converted_value_data_type', 'converted_prompt_data_type') ?? originalDataType,
    responseError: fields.text('response_error') ?? 'none',
    labels: labelsOf(fields.json('labels')),
    metadata: fields.object('prompt_metadata'),
    originalPromptId: fields.id('original_prompt_id') ?? id,
    converters: identifiersOf(fields.json('converter_identifiers', 'converters')),
    target: fields.object('prompt_target_identifier', 'prompt_target'),
    orchestrator,
    orchestratorId: instanceOf(orchestrator),
  };
}

function identifiersOf(value: JsonValue): readonly JsonObject[] {
  if (value === null) return [];
  return (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).map(asObject);
}

import { canonicalJson, contentId, isUuid, promptId, sha256, type JsonValue } from '#core';
import type { ConfigurationTable, ExecutionTable, MessageTable } from '../tables.js';
import { executionColumns } from './execution-rows.js';
import type { ImportRow, ImportValues } from './import-row.js';

/**
 * The canonical hash of a stored row: SHA-256 of its columns as JSON with sorted keys (`canonicalJson`), whole texts in place of their parts. It does
 * not depend on the order of keys, in the row or in its JSON; it is what is compared after writing, and what tells whether somebody has changed it since.
 */
export function rowHash(row: object): string {
  return hashOf(Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'original_parts' && name !== 'converted_parts')));
}

/** What makes two messages of one id the same: role, texts, type and error. Labels, metadata and times may differ. */
export function messageContent(
  row: Pick<MessageTable, 'role' | 'original_value_sha256' | 'converted_value_sha256' | 'data_type' | 'response_error'>,
): string {
  return hashOf([
    row.role,
    row.original_value_sha256,
    row.converted_value_sha256 ?? row.original_value_sha256,
    row.data_type,
    row.response_error,
  ]);
}

/**
 * What makes two configurations of one name the same: type, parameters, and secrets by reference or hint, because the same secret is sealed to another
 * text each time. Ids, revisions and times don't count.
 */
export function configurationContent(row: Pick<ConfigurationTable, 'name' | 'type' | 'parameters' | 'secrets'>): string {
  const secrets = Object.fromEntries(
    Object.entries(row.secrets).map(([name, secret]) => [name, secret.kind === 'sealed' ? [secret.hint] : [secret.kind, secret.name]]),
  );
  return hashOf({ name: row.name, type: row.type, parameters: row.parameters, secrets });
}

/** What makes two datasets of one name the same: their prompts, in order. */
export function datasetContent(name: string, contentHash: string): string {
  return hashOf([name, contentHash]);
}

/** What makes two executions of one id the same: all but their ids. */
export function executionContent({ id: _id, orchestrator_id: _orchestrator, ...content }: ExecutionTable): string {
  return rowHash(content);
}

/** What makes two scores of a message the same, said in the same scoring run if in one. */
export function scoreContent(score: {
  readonly scorer: string;
  readonly type: string | null;
  readonly value: string;
  readonly category: string | null;
  readonly rationale: string;
}): string {
  return hashOf([score.scorer, score.type, score.value, score.category, score.rationale]);
}

/** The canonical hash of the content of a row that comes in: without ids and times, so equal in every file that has it. */
export function contentHash(row: ImportRow): string {
  switch (row.noun) {
    case 'generator':
    case 'converter':
    case 'scorer':
    case 'orchestrator':
      return configurationContent(row.value);
    case 'dataset':
      // With its prompts it is compared when they are all there.
      return hashOf([row.value.name]);
    case 'prompt':
      return hashOf([promptId(row.value.value), row.value.harmCategories, row.value.metadata]);
    case 'message':
      return messageContent(messageColumns(row.value));
    case 'execution':
      return rowHash(executionColumns(row.value));
    case 'item':
    case 'attempt':
    case 'outcome':
    case 'attackResult':
      return rowHash(row.value);
    case 'score':
      return scoreContent({ ...row.value, scorer: row.value.scorerName, type: row.value.scoreType });
    default:
      // Its original is sealed, to another text each time.
      return hashOf([{ ...row.provenance }, row.value.reason]);
  }
}

/** What a message and a row of one have in common. */
export function messageColumns(value: ImportValues['message']) {
  return {
    role: value.role,
    sent_at: value.sentAt,
    original_value: value.originalValue,
    original_value_sha256: sha256(value.originalValue),
    converted_value: value.convertedValue,
    converted_value_sha256: sha256(value.convertedValue),
    data_type: value.dataType,
    response_error: value.responseError,
    labels: value.labels,
    metadata: value.metadata,
  };
}

/** An id as it is here: a UUID as it is, in lower case; of any other text a UUID that is made of it. */
export function idHere(id: string): string {
  const lower = id.toLowerCase();
  return isUuid(lower) ? lower : contentId({ id });
}

function hashOf(content: JsonValue): string {
  return sha256(canonicalJson(content));
}

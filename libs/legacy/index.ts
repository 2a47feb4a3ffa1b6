export type { Candidate, Companion, Engine, ScannedFile } from './candidate.js';
export { discover, type DiscoverOptions } from './discover.js';
export { patternOf, type FileNamePattern } from './file-names.js';
export type { Finding, FindingReason } from './finding.js';
export { isFinding, openLegacy } from './open.js';
export type { Cell, Cells, ColumnShape, LegacyDatabase, LostRows, OpenOptions, SourceRow, TableShape } from './source.js';
export type { Family, TableContent } from './recognition/form.js';
export { recognise, type RecognisedTable, type Recognition } from './recognition/recognise.js';
export type { LegacyExchange, LegacyExecution, LegacyExecutionScore } from './reading/execution.js';
export type { LegacyNoun, LegacyRow, LegacyRowOf, LegacyValues, Provenance, TableAccount, UnreadableRows } from './reading/legacy-row.js';
export type { LegacyTime, TimeAssumption } from './reading/legacy-time.js';
export type { LegacyAttackResult } from './reading/attack-result.js';
export type { LegacyMessage } from './reading/message.js';
export type { LegacyScore } from './reading/score.js';
export type { LegacySeed } from './reading/seed.js';
export { readLegacy, type ReadOptions } from './reading/read.js';
export type { LegacyApiKey } from './reading/api-key.js';
export type { LegacyConfiguration } from './reading/configuration.js';
export type { LegacyDataset } from './reading/dataset.js';
export type { LegacyOrchestrator } from './reading/orchestrator.js';
export type { LegacyPrompt } from './reading/prompt.js';
export type { LegacySession } from './reading/session.js';
export { ConversationOwners } from './attribution/conversation-owners.js';
export { DatasetOwners } from './attribution/dataset-owners.js';
export { weigh, type Confidence, type Evidence, type Verdict, type WeighOptions } from './attribution/evidence.js';
export {
  DEFAULT_SALTS,
  NameHashes,
  ownersByFileName,
  ownersByOrchestratorFile,
  type HashScheme,
  type NameHash,
  type OrchestratorOwner,
} from './attribution/file-owners.js';
export { formsOfName, isSharedName, type KnownPerson } from './attribution/names.js';
export { ownersByRow } from './attribution/row-owners.js';

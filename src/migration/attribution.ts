import { basename } from 'node:path';
import type { MigrationAssignment } from '#catalog';
import {
  ownersByFileName,
  ownersByOrchestratorFile,
  ownersByRow,
  weigh,
  type Candidate,
  type Evidence,
  type Family,
  type LegacyRow,
  type NameHashes,
} from '#legacy';
import type { Knowledge } from './knowledge.js';
import type { People, Person } from './people.js';
import { SeenIds } from './seen-ids.js';

/** Whose a row is, and why. */
export interface Attributed {
  /** Null when nobody can say; then it is listed under `name`. */
  readonly person: Person | null;
  /** The name under which an administrator can assign it: one that many people bore; null when the row names nobody. */
  readonly name: string | null;
  readonly evidence: readonly Evidence[];
}

export interface AttributionContext {
  readonly people: People;
  readonly knowledge: Knowledge;
  readonly hashes: NameHashes;
  readonly assignments: readonly MigrationAssignment[];
}

/**
 * Says whose the rows of one file are. Only what is at least strong decides: the row itself, a join on random ids, or the name of a file that one
 * person alone wrote. What an administrator has assigned counts where nothing else decides.
 */
export class Attribution {
  readonly #fileEvidence = new Map<Family | null, readonly Evidence[]>();
  readonly #assigned: ReadonlyMap<string | null, string>;
  /** Scores hang on messages. Nearly always they are one person's: only those of others are kept with their whose. */
  readonly #others = new Map<string, Attributed>();
  readonly #present = new SeenIds();
  #usual: Attributed | null = null;

  constructor(
    private readonly candidate: Candidate,
    private readonly context: AttributionContext,
  ) {
    const own = context.assignments.filter(({ file }) => file === candidate.contentSha256);
    this.#assigned = new Map(own.map(({ name, userId }) => [name, userId]));
  }

  /** @param family of the table that the row is in. Scores come after the messages of their file. */
  of(row: LegacyRow, family: Family | null): Attributed {
    if (row.noun === 'score') return this.#ofScore(row.value.messageId) ?? this.#decide(this.#evidenceOfFile(family));
    const attributed = this.#decide([...ownersByRow(row), ...this.#evidenceOfRow(row), ...this.#evidenceOfFile(family)]);
    if (row.noun === 'message') this.#remember(row.value.id, attributed);
    return attributed;
  }

  #evidenceOfRow(row: LegacyRow): readonly Evidence[] {
    const { knowledge } = this.context;
    if (row.noun === 'message' || row.noun === 'attackResult') return knowledge.conversations.of(row.value.conversationId);
    return row.noun === 'prompt' ? knowledge.datasetsOf(this.candidate.contentSha256).of(row.value.datasetId) : [];
  }

  #evidenceOfFile(family: Family | null): readonly Evidence[] {
    const known = this.#fileEvidence.get(family);
    if (known) return known;
    const file = basename(this.candidate.path);
    const { hashes, knowledge } = this.context;
    const found =
      family === null ? [] : [...ownersByFileName(file, hashes, family), ...ownersByOrchestratorFile(file, knowledge.orchestrators)];
    this.#fileEvidence.set(family, found);
    return found;
  }

  #decide(evidence: readonly Evidence[]): Attributed {
    const { people } = this.context;
    const verdict = weigh(evidence, { ownerOf: (name) => people.bearer(name)?.key ?? people.get(name)?.key ?? name });
    const person = verdict.owner === null ? null : people.get(verdict.owner);
    if (person) return { person, name: null, evidence: verdict.evidence };
    const name = evidence.find(({ confidence, source }) => confidence === 'none' && source !== 'file-name')?.owner ?? null;
    const userId = this.#assigned.get(name);
    return { person: userId === undefined ? null : people.get(userId), name, evidence: verdict.evidence };
  }

  #ofScore(messageId: string | null): Attributed | null {
    if (messageId === null) return null;
    return this.#others.get(messageId) ?? (this.#present.has(messageId) ? this.#usual : null);
  }

  #remember(messageId: string, attributed: Attributed): void {
    this.#usual ??= attributed;
    const { person, name } = this.#usual;
    if (person?.key === attributed.person?.key && name === attributed.name) this.#present.add(messageId);
    else this.#others.set(messageId, attributed);
  }
}

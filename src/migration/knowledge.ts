import { ConversationOwners, DatasetOwners, isSharedName, type LegacyRow, type OrchestratorOwner, type TableContent } from '#legacy';

/** The tables that say whose something is, for the rest of their file or for other files. */
const TELLING: readonly TableContent[] = ['generators', 'converters', 'scorers', 'datasets', 'sessions', 'orchestrators', 'executions'];

/** What old files say of each other's rows: read before any row is attributed. */
export class Knowledge {
  readonly conversations = new ConversationOwners();
  readonly orchestrators: OrchestratorOwner[] = [];
  /** By file, and there by name as it was written, how many rows bear it. */
  readonly #names = new Map<string, Map<string, number>>();
  readonly #datasets = new Map<string, DatasetOwners>();

  static tells(content: TableContent): boolean {
    return TELLING.includes(content);
  }

  add(row: LegacyRow): void {
    const { file } = row.provenance;
    const name = nameIn(row);
    if (name !== null) this.#names.set(file, countOne(this.#names.get(file) ?? new Map<string, number>(), name));
    if (row.noun === 'execution') this.conversations.add(row.value);
    else if (row.noun === 'orchestrator') this.orchestrators.push({ id: row.value.id, createdBy: row.value.createdBy });
    else if (row.noun === 'dataset') {
      const owners = this.#datasets.get(file) ?? new DatasetOwners();
      this.#datasets.set(file, owners);
      owners.add(row.value);
    }
  }

  datasetsOf(file: string): DatasetOwners {
    return this.#datasets.get(file) ?? new DatasetOwners();
  }

  /** The names that the rows of a file bear. */
  namesIn(file: string): ReadonlyMap<string, number> {
    return this.#names.get(file) ?? new Map();
  }

  /** All names that are of one person. */
  *names(): Generator<string> {
    for (const names of this.#names.values()) for (const name of names.keys()) if (!isSharedName(name)) yield name;
  }
}

function nameIn(row: LegacyRow): string | null {
  switch (row.noun) {
    case 'generator':
    case 'converter':
    case 'scorer':
    case 'dataset':
    case 'session':
      return row.value.userId;
    case 'orchestrator':
    case 'execution':
      return row.value.createdBy;
    default:
      return null;
  }
}

function countOne(names: Map<string, number>, name: string): Map<string, number> {
  return names.set(name, (names.get(name) ?? 0) + 1);
}

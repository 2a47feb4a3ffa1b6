import { Conflict, InvalidInput, uuidv7, type JsonObject, type Plugin, type Registry } from '#core';
import type { ConfigurationNoun, ConfigurationTable, MemoryReaders, MemoryWriters, PageRequest, StoredSecret } from '#memory';
import type { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { ConfigurationDto, CreateConfigurationDto, PluginTypeDto, UpdateConfigurationDto } from './configuration.dto.js';

/**
 * What generators, converters, scorers and orchestrators have in common: a name, a type of a registry, parameters that fit its schema, a revision.
 * What is different is declared by those who extend it.
 */
export abstract class ConfigurationService<T extends Plugin> {
  protected constructor(
    protected readonly db: DbConnectionService,
    readonly registry: Registry<T>,
    readonly noun: ConfigurationNoun,
  ) {}

  types(): PluginTypeDto[] {
    return this.registry.list().map((type) => {
      const { name, title, description, schema } = type;
      return { name, title, description, schema, secrets: this.secretsOf(type) };
    });
  }

  async list(page: PageRequest): Promise<ConfigurationDto[]> {
    const rows = await this.db.read((memory) => memory.configurations(this.noun).list(page));
    return rows.map(view);
  }

  /** @throws NotFound */
  async get(id: string): Promise<ConfigurationDto> {
    return view(await this.db.read((memory) => memory.configurations(this.noun).get(id)));
  }

  /** @throws InvalidInput, Conflict */
  async create({ name, type, parameters = {} }: CreateConfigurationDto): Promise<ConfigurationDto> {
    const id = uuidv7();
    const draft = await this.#draft(id, type, parameters, {});
    const row = await this.db.transact(async (memory) => {
      await this.checkReferences(memory, draft.parameters);
      return memory.configurations(this.noun).create({ name, type, ...draft }, id);
    });
    return view(row);
  }

  /** @throws NotFound, InvalidInput, Conflict, StaleRevision */
  async update(id: string, revision: number | null, { name, parameters }: UpdateConfigurationDto): Promise<ConfigurationDto> {
    const present = await this.db.read((memory) => memory.configurations(this.noun).get(id));
    const draft = parameters === undefined ? null : await this.#draft(id, present.type, parameters, present.secrets);
    const row = await this.db.transact(async (memory) => {
      if (draft) await this.checkReferences(memory, draft.parameters);
      return memory.configurations(this.noun).update(id, revision, { ...(name === undefined ? {} : { name }), ...draft });
    });
    return view(row);
  }

  /** @throws NotFound, StaleRevision; Conflict while something refers to it, or an execution that uses it has not ended. */
  async delete(id: string, revision: number | null): Promise<void> {
    await this.db.transact(async (memory) => {
      const users = await this.referrers(memory, id);
      if (users.length > 0) throw new Conflict(`It is still used by ${users.join(', ')}. Change or delete that first.`);
      await memory.executions.assertUnused(id);
      await memory.configurations(this.noun).delete(id, revision);
    });
  }

  /** Which parameters of a type are write-only. */
  protected secretsOf(_type: T): readonly string[] {
    return [];
  }

  /** Makes the type's function once, so that what the schema can't say (a pattern that does not parse) is said before anything is stored. */
  protected abstract tryOut(type: T, parameters: JsonObject): Promise<void>;

  /** @throws InvalidInput when the parameters name something that is not there. */
  protected async checkReferences(_memory: MemoryReaders, _parameters: JsonObject): Promise<void> {}

  /** What refers to the configuration `id`, each as `orchestrator 'name'`. */
  protected async referrers(_memory: MemoryWriters, _id: string): Promise<string[]> {
    return [];
  }

  /** Seals a secret that was given in clear, or takes down where it is kept. */
  protected store(_id: string, _parameter: string, _given: unknown): StoredSecret {
    throw new TypeError(`A ${this.noun} type has secrets, but nothing to seal them with.`);
  }

  async #draft(id: string, typeName: string, given: JsonObject, kept: Readonly<Record<string, StoredSecret>>) {
    const type = this.registry.get(typeName);
    const names = this.secretsOf(type);
    const secrets: Record<string, StoredSecret> = {};
    const inClear: Record<string, string> = {};
    for (const name of names) {
      const value = given[name];
      // What a GET shows of a secret may be sent back unchanged.
      if (value === undefined || isShownSecret(value)) {
        if (kept[name]) secrets[name] = kept[name];
      } else if (value !== null) {
        secrets[name] = this.store(id, name, value);
        if (typeof value === 'string') inClear[name] = value;
      }
    }
    const open = Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
    const standIns = Object.fromEntries(Object.keys(secrets).map((name) => [name, inClear[name] ?? 'set']));
    const parameters = this.registry.validate(typeName, { ...open, ...standIns });
    await this.tryOut(type, parameters);
    return { parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => !names.includes(name))), secrets };
  }
}

function isShownSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'set' in value;
}

function view(row: ConfigurationTable): ConfigurationDto {
  const shown = Object.entries(row.secrets).map(([name, secret]) => [
    name,
    secret.kind === 'sealed' ? { set: true, hint: secret.hint } : { set: true, [secret.kind]: secret.name },
  ]);
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    parameters: { ...row.parameters, ...Object.fromEntries(shown) } as JsonObject,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** @throws InvalidInput naming the field, when there is no such configuration. */
export async function requireReference(memory: MemoryReaders, noun: ConfigurationNoun, id: string, pointer: string): Promise<void> {
  if (await memory.configurations(noun).find(id)) return;
  throw new InvalidInput('The parameters refer to something that is not there.', [
    { pointer, detail: `there is no ${noun.slice(0, -1)} ${id}` },
  ]);
}

/** The configurations of `noun` whose parameters mention `id`, for a person to read. */
export async function mentions(memory: MemoryReaders, noun: ConfigurationNoun, id: string): Promise<string[]> {
  const found: string[] = [];
  for (let before: string | null = null; ;) {
    const page = await memory.configurations(noun).list({ limit: 500, before });
    for (const row of page) if (JSON.stringify(row.parameters).includes(id)) found.push(`${noun.slice(0, -1)} '${row.name}'`);
    before = page.at(-1)?.id ?? null;
    if (page.length < 500) return found;
  }
}

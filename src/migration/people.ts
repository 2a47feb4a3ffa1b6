import type { Alias, CatalogPage, Identity } from '#catalog';
import { isSharedName, type KnownPerson } from '#legacy';
import { canonicalName, SHARED_SECRET, Unidentified } from '../auth/canonical-user.js';
import type { CatalogService } from '../catalog/catalog.service.js';

/** Somebody whose rows may be in old files. */
export interface Person {
  /** Names the person in plans and reports: the id of a user; of somebody whom the catalog does not know yet, the canonical name. */
  readonly key: string;
  /** Null for somebody whom the catalog does not know yet. */
  readonly userId: string | null;
  /** Canonical. */
  readonly name: string;
  /** All the names that are known of this person, as they were written. */
  readonly names: readonly string[];
}

type Known = Person & { readonly names: string[] };

/** Who bears which name: the people of the catalog with all their aliases, and those whom only old files name. */
export class People {
  readonly #byName = new Map<string, Known>();
  readonly #byKey = new Map<string, Known>();

  static async of(catalog: Pick<CatalogService, 'aliases' | 'users'>): Promise<People> {
    const people = new People();
    const names = new Map<string, string>();
    for (let after: string | null = null; ;) {
      const page: CatalogPage<Pick<Alias, 'aliasId' | 'userId' | keyof Identity>> = await catalog.aliases.page({ limit: 500, after });
      for (const { userId, issuer, name } of page.items) {
        const person = people.#keep({ key: userId, userId, name: names.get(userId) ?? (await catalog.users.get(userId)).name, names: [] });
        names.set(userId, person.name);
        // A subject of an issuer is no name that anybody was called by in old files.
        if (issuer === SHARED_SECRET) people.#call(person, name);
      }
      if (page.next === null) return people;
      after = page.next;
    }
  }

  /** Those of a plan, as they were when it was made. */
  static from(persons: readonly Person[]): People {
    const people = new People();
    for (const person of persons) {
      const kept = people.#keep(person);
      for (const name of person.names) people.#call(kept, name);
    }
    return people;
  }

  /** Takes note of a name that a row gives. */
  add(name: string): void {
    const canonical = canonicalOf(name);
    if (canonical === null) return;
    const known = this.#byName.get(canonical) ?? this.#keep({ key: canonical, userId: null, name: canonical, names: [] });
    this.#call(known, name);
  }

  /** Who bears a name, or null when nobody may. */
  bearer(name: string): Person | null {
    const canonical = canonicalOf(name);
    return canonical === null ? null : (this.#byName.get(canonical) ?? null);
  }

  get(key: string): Person | null {
    return this.#byKey.get(key) ?? null;
  }

  all(): readonly Person[] {
    return [...this.#byKey.values()];
  }

  /** For the hashes of file names. */
  known(): readonly KnownPerson[] {
    return this.all().map(({ key, names }) => ({ person: key, names }));
  }

  #keep(person: Person): Known {
    const kept = this.#byKey.get(person.key) ?? { ...person, names: [...person.names] };
    this.#byKey.set(person.key, kept);
    return kept;
  }

  #call(person: Known, name: string): void {
    if (!person.names.includes(name)) person.names.push(name);
    const canonical = canonicalOf(name);
    if (canonical !== null) this.#byName.set(canonical, person);
  }
}

/** The canonical form of a name; null when it is one that nobody may bear alone. */
function canonicalOf(name: string): string | null {
  if (isSharedName(name)) return null;
  try {
    return canonicalName(name);
  } catch (error) {
    if (error instanceof Unidentified) return null;
    throw error;
  }
}

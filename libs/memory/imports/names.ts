/** Something that has a name which others may want too. */
export interface Named {
  readonly id: string;
  readonly name: string;
  /** ISO 8601 UTC: of two, the greater is the newer. */
  readonly at: string;
  /** The hash of its content, name included. */
  readonly content: string;
}

export interface Newcomer extends Named {
  readonly origin: string;
}

/** What has to give its name to a newer one. */
export interface Displaced {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** Where what is named here already is said to be from when it has to give its name away. */
const OWN_ORIGIN = 'this memory';

/** The names that newcomers, and what they displace, may get. */
export function namesAskedFor(newcomers: readonly Pick<Newcomer, 'name' | 'origin'>[]): string[] {
  return [...new Set(newcomers.flatMap(({ name, origin }) => [name, withOrigin(name, origin), withOrigin(name, OWN_ORIGIN)]))];
}

/**
 * Gives names, to one newcomer after the other. Same name and same content are one. Of the same name and another content the newer has the name (of
 * equal age, the one that has it), and that of the older is followed by its origin: nothing is overwritten.
 */
export class Names {
  readonly #holders: Map<string, Named>;
  readonly #known: Map<string, string>;

  /**
   * @param present all that have a name that is asked for.
   * @param before what was taken in before and is there, by content: perhaps under another name by now.
   */
  constructor(present: readonly Named[], before: ReadonlyMap<string, string>) {
    this.#holders = new Map(present.map((each) => [each.name, each]));
    this.#known = new Map(before);
  }

  /** The id of the same thing, or null when there is none. */
  twin({ name, content }: Pick<Named, 'name' | 'content'>): string | null {
    const holder = this.#holders.get(name);
    return this.#known.get(content) ?? (holder?.content === content ? holder.id : null);
  }

  /** The name of a newcomer that has no twin. */
  give(newcomer: Newcomer): { readonly name: string; readonly displaced: Displaced | null } {
    this.#known.set(newcomer.content, newcomer.id);
    const { name } = newcomer;
    const holder = this.#holders.get(name);
    if (holder !== undefined && newcomer.at <= holder.at) {
      const other = this.#free(newcomer, newcomer.origin);
      this.#holders.set(other, newcomer);
      return { name: other, displaced: null };
    }
    this.#holders.set(name, newcomer);
    if (holder === undefined) return { name, displaced: null };
    const to = this.#free(holder, OWN_ORIGIN);
    this.#holders.set(to, holder);
    return { name, displaced: { id: holder.id, from: name, to } };
  }

  #free({ name, id }: Named, origin: string): string {
    const plain = withOrigin(name, origin);
    return this.#holders.has(plain) ? withOrigin(name, `${origin}, ${id}`) : plain;
  }
}

function withOrigin(name: string, origin: string): string {
  return `${name} (from ${origin})`;
}

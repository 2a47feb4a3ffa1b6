import { sha256 } from '#core';
import type { Family } from '../recognition/form.js';
import { patternOf } from '../file-names.js';
import type { Evidence } from './evidence.js';
import { formsOfName, isSharedName, type KnownPerson } from './names.js';

/** The salts that ViolentUTF used when nobody had set one: of its API, of its bridge, and of the proposal to mend both. */
export const DEFAULT_SALTS = ['default_salt_2025', 'default_salt', 'violentutf_salt_2025'] as const;

/** How a file name was made of a user's name and a salt: SHA-256 of this, in whole or cut to its first digits. */
const SCHEMES = {
  'salt+name': (name: string, salt: string) => `${salt}${name}`,
  'name:salt': (name: string, salt: string) => `${name}:${salt}`,
  'salt:name': (name: string, salt: string) => `${salt}:${name}`,
  name: (name: string) => name,
} as const;

export type HashScheme = keyof typeof SCHEMES;

/** Which hash a file is named after. */
export interface NameHash {
  readonly person: string;
  readonly name: string;
  /** Null for the scheme without one. */
  readonly salt: string | null;
  readonly scheme: HashScheme;
}

/** Digits of a hash that are looked up by; fewer say nothing among thousands of names. */
const LEAST_DIGITS = 8;
/** From so many digits on, another name that fits by chance is out of the question. */
const CERTAIN_DIGITS = 16;

/** The hashes of all names of known people, by all salts and schemes, to look file names up in. */
export class NameHashes {
  readonly #hashes = new Map<string, (NameHash & { readonly digest: string })[]>();

  /** @param salts those of the operator; the default ones are always tried. */
  constructor(people: readonly KnownPerson[], salts: readonly string[] = []) {
    const tried = [...new Set([...salts, ...DEFAULT_SALTS])];
    for (const { person, names } of people)
      for (const name of new Set(names.flatMap(formsOfName)))
        for (const scheme of Object.keys(SCHEMES) as HashScheme[])
          for (const salt of scheme === 'name' ? [null] : tried) this.#add({ person, name, salt, scheme });
  }

  /** The hashes that begin with these digits. */
  find(digits: string): readonly NameHash[] {
    const found = this.#hashes.get(digits.slice(0, LEAST_DIGITS)) ?? [];
    return found
      .filter(({ digest }) => digest.startsWith(digits))
      .map(({ person, name, salt, scheme }) => ({ person, name, salt, scheme }));
  }

  #add(hash: NameHash): void {
    const digest = sha256(SCHEMES[hash.scheme](hash.name, hash.salt ?? ''));
    const key = digest.slice(0, LEAST_DIGITS);
    const found = this.#hashes.get(key);
    if (found) found.push({ ...hash, digest });
    else this.#hashes.set(key, [{ ...hash, digest }]);
  }
}

/**
 * Who a file is named after, by hash. What was configured in it was written by that person alone; PyRIT's memory was one for all users of a process,
 * under the name of whoever came first, so of such rows the name says less.
 * @param fileName without its folder; backups and logs count as their database
 * @param family of the table whose rows are asked about
 */
export function ownersByFileName(fileName: string, hashes: NameHashes, family: Family): readonly Evidence[] {
  const pattern = patternOf(fileName);
  if (!pattern?.digits || (pattern.pattern !== 'configuration' && pattern.pattern !== 'bridge')) return [];
  const { digits } = pattern;
  return hashes.find(digits).map(({ person, name, salt, scheme }) => ({
    source: 'file-name',
    owner: person,
    confidence: isSharedName(name)
      ? 'none'
      : digits.length < CERTAIN_DIGITS
        ? 'weak'
        : family === 'violentutf-configuration'
          ? 'strong'
          : 'likely',
    because:
      `The file is named after the SHA-256 of '${scheme}' with the name '${name}'${saltText(salt)}` +
      (isSharedName(name) ? ', which everybody may have borne.' : '.'),
  }));
}

/** Default salts are public and may be named; others are secrets. */
function saltText(salt: string | null): string {
  if (salt === null) return '';
  return (DEFAULT_SALTS as readonly string[]).includes(salt) ? ` and the default salt '${salt}'` : ' and a salt of the operator';
}

/** An orchestrator of ViolentUTF, as its service had it. */
export interface OrchestratorOwner {
  readonly id: string;
  readonly createdBy: string | null;
}

/**
 * Who made the orchestrator that a file `orchestrator_memory_<first digits of its id>.db` is named after. One such file served everybody until the
 * process ended, so this is weak for any row in it.
 */
export function ownersByOrchestratorFile(fileName: string, orchestrators: readonly OrchestratorOwner[]): readonly Evidence[] {
  const pattern = patternOf(fileName);
  if (pattern?.pattern !== 'orchestrator' || pattern.digits === null) return [];
  const digits = pattern.digits.replaceAll('-', '');
  return orchestrators
    .filter(({ id, createdBy }) => createdBy !== null && id.replaceAll('-', '').startsWith(digits))
    .map(({ id, createdBy }) => ({
      source: 'orchestrator-file',
      owner: createdBy ?? '',
      confidence: isSharedName(createdBy ?? '') ? 'none' : 'weak',
      because: `The file is named after the orchestrator ${id} of '${createdBy}', and was then used by everybody.`,
    }));
}

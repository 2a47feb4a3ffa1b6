/** Somebody who used ViolentUTF, and all that pages called that person. */
export interface Person {
  /** The user name. In the canonical form of shared-secret tokens it names the user: all of them are in that form but for capitals. */
  readonly userName: string;
  readonly displayName: string;
  readonly email: string;
  /** Which of the names stand in old files, as they were written. The first is the user name. */
  readonly names: readonly string[];
}

/** An alias that the operator binds before the migration, because nothing in the files says that it is the same person. */
export interface Binding {
  /** The canonical name of the user. */
  readonly user: string;
  /** The canonical form of another name. */
  readonly alias: string;
}

/**
 * User name and display name. `sam` is what the address of `samuel.reed` begins with, and yet another person. The display name of `zoe` is written
 * in two ways that look the same.
 */
const PEOPLE: readonly (readonly [userName: string, displayName: string, email?: string])[] = [
  ['violentutf.web', 'ViolentUTF Web User', 'violentutf.web@violentutf.local'],
  ['ann', 'Ann Lee', 'ann.lee@example.org'],
  ['samuel.reed', 'Samuel Reed', 'sam@example.org'],
  ['sam', 'Sam Okafor'],
  ['dana', 'Dana Fox'],
  ['zoe', 'Zoë Müller'],
  ['boris_k', 'Boris Karlov'],
  ['chen', 'Chen Wei'],
  ['d.alvarez', 'Diego Alvarez'],
  ['emil', 'Emil Novak'],
  ['fatima', 'Fatima Noor'],
  ['gus-h', 'Gus Hale'],
  ['hana2', 'Hana Ito'],
  ['ivan.petrov', 'Ivan Petrov'],
  ['june', 'June Park'],
  ['kofi', 'Kofi Mensah'],
  ['lena', 'Lena Vogt'],
  ['mario_r', 'Mario Rossi'],
  ['nadia', 'Nadia Aziz'],
  ["o'brien", "Orla O'Brien"],
];

/** Names that tokens of everybody carried: whoever bore one may be anyone. */
export const SHARED = ['keycloak_user', 'streamlit_user', 'admin', 'Unknown User'] as const;

/** A name that no user can have here. */
export const IMPOSSIBLE = 'eve|1';

/** The first people of the estate. @param count at most 20 */
export function peopleOf(count: number): readonly Person[] {
  return PEOPLE.slice(0, count).map(([userName, displayName, email = `${userName}@example.org`], index) => ({
    userName,
    displayName,
    email,
    names: [userName, ...(index < 10 ? writings(userName, displayName) : []), ...(index % 4 < 1 || index === 2 ? [email] : [])],
  }));
}

function writings(userName: string, displayName: string): readonly string[] {
  if (userName === 'dana') return [displayName, 'Dana'];
  return userName === 'zoe' ? [displayName, displayName.normalize('NFD')] : [displayName];
}

/** A name as shared-secret tokens bear it: what this server calls the user. */
export function canonical(name: string): string {
  return name.normalize('NFC').toLowerCase().replaceAll(' ', '_');
}

/** What the operator has to say before, so that all names of a person lead to one memory. */
export function bindingsOf(people: readonly Person[]): readonly Binding[] {
  return people.flatMap(({ userName, names }) =>
    [...new Set(names.map(canonical))].filter((alias) => alias !== userName).map((alias) => ({ user: userName, alias })),
  );
}

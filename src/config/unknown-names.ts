import { variables } from './variables.js';

const OURS = /^(VIOLENTUTF|ORCHESTRATOR|DB|JWT|OIDC|GENERATOR|QUOTA|OUTBOUND)_/;

/** What container platforms add for a service called `db` or `violentutf-server`: `DB_SERVICE_HOST`, `DB_PORT=tcp://…`, `DB_PORT_5432_TCP`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/;

/** One sentence for each variable that has a name like ours and is not known: most likely a slip that would otherwise go unnoticed. */
export function unknownNames(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env)
    .filter(([name]) => OURS.test(name) && !(name in variables))
    .filter(([name, value]) => !SERVICE_LINK.test(name) && !(name.endsWith('_PORT') && /^\w+:\/\//.test(value ?? '')))
    .map(([name]) => {
      const near = nearest(name);
      return `${name} is not known here${near === null ? '; remove it' : `: did you mean ${near}?`}`;
    });
}

/** The known name that is a few letters away, or null. */
function nearest(name: string): string | null {
  const [first] = Object.keys(variables)
    .map((known) => ({ known, edits: distance(name, known) }))
    .sort((a, b) => a.edits - b.edits);
  return first && first.edits <= Math.max(3, name.length / 3) ? first.known : null;
}

/** The number of letters to insert, remove or replace (Levenshtein, one row at a time). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}

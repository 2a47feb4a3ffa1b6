import type { NextFunction, Request, Response } from 'express';
import { InvalidInput, type FieldFault } from '#core';

/** Deeper than anything of ours, and shallow enough for whatever walks a body by calling itself. */
const DEEPEST = 100;

/** More than anything of ours has. What validates a body takes a time that grows with the square of an object's members. */
const MOST_MEMBERS = 1_000;

/** Objects and lists in one body: enough for ten thousand prompts with all they can carry. */
const MOST_CONTAINERS = 50_000;

/** Of a member, as far as a pointer repeats it. */
const LONGEST_NAME = 100;

/** An object or a list in a body, and how one gets there. */
interface Place {
  readonly container: object;
  readonly name: string;
  readonly parent: Place | null;
  readonly depth: number;
}

/**
 * Refuses a JSON body that could not be kept as it is: half a surrogate pair is no character in UTF-8 and would silently become another one,
 * U+0000 can't be stored in PostgreSQL, a member called `__proto__` is lost on the way, one nested thousands deep would exhaust the stack, and one of
 * a hundred thousand members would hold up everybody else.
 */
export function requireStorableJson(request: Request, _response: Response, next: NextFunction): void {
  const fault = faultIn(request.body);
  next(fault ? new InvalidInput('The body holds something that can not be kept as it is.', [fault]) : undefined);
}

function faultIn(body: unknown): FieldFault | null {
  if (typeof body !== 'object' || body === null) return null;
  const open: Place[] = [{ container: body, name: '', parent: null, depth: 1 }];
  let containers = 1;
  for (let place = open.pop(); place; place = open.pop()) {
    const members = Object.entries(place.container) as [string, unknown][];
    if (members.length > MOST_MEMBERS && !Array.isArray(place.container)) {
      return { pointer: pointerTo(place), detail: `has more than ${MOST_MEMBERS} members` };
    }
    for (const [name, member] of members) {
      const what = typeof member === 'string' ? faultOf(member) : null;
      if (what !== null) return { pointer: pointerTo(place, name), detail: what };
      if (name === '__proto__' || faultOf(name) !== null)
        return { pointer: pointerTo(place), detail: 'has a member with a name that can not be kept' };
      if (typeof member !== 'object' || member === null) continue;
      if (place.depth === DEEPEST) return { pointer: pointerTo(place), detail: `is nested deeper than ${DEEPEST} levels` };
      if (++containers > MOST_CONTAINERS) {
        return { pointer: '', detail: `must not hold more than ${MOST_CONTAINERS} objects and lists; upload a larger dataset as a file` };
      }
      open.push({ container: member, name, parent: place, depth: place.depth + 1 });
    }
  }
  return null;
}

function faultOf(text: string): string | null {
  if (text.includes('\0')) return 'must not hold the character U+0000';
  return text.isWellFormed() ? null : 'must not hold half a surrogate pair';
}

/** @param member of the place, when the pointer is for that. */
function pointerTo(place: Place, ...member: string[]): string {
  const names = [...member];
  for (let at: Place | null = place; at?.parent; at = at.parent) names.unshift(at.name);
  return names.map((name) => `/${name.slice(0, LONGEST_NAME).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

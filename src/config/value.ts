import { isLoopback } from './loopback.js';

/** What is wrong with a value, as the end of a sentence that begins with the variable's name: `must be …`. */
export class ValueFault extends Error {}

/** How one variable is read: its default as it would be written in the environment, a line for its reader, and its meaning. */
export interface Variable<T> {
  /** Empty: there is none. */
  readonly initial: string;
  readonly description: string;
  /** Given `initial` when the environment says nothing. @throws ValueFault */
  readonly parse: (text: string) => T;
}

/** A variable with a default, which is read like any other value. */
export function variable<T>(initial: string | number, parse: (text: string) => T, description: string): Variable<T> {
  return { initial: String(initial), parse, description };
}

/** A variable that may be missing: then it is null. */
export function optional<T>(parse: (text: string) => T, description: string): Variable<T | null> {
  return { initial: '', parse: (value) => (value === '' ? null : parse(value)), description };
}

export function text(value: string): string {
  return value;
}

/** A whole number within bounds, both included. */
export function integer(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new ValueFault(`must be a whole number from ${least} to ${most}`);
  };
}

/** A number within bounds, both included. */
export function decimal(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+(\.\d+)?$/.test(value) && number >= least && number <= most) return number;
    throw new ValueFault(`must be a number from ${least} to ${most}`);
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): (value: string) => T {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new ValueFault(`must be one of: ${words.join(', ')}`);
  };
}

/** Words separated by commas; spaces around them do not count. */
export function list(value: string): readonly string[] {
  return Object.freeze(
    value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );
}

/** An absolute URL of one of the schemes (`https:`). */
export function url(...schemes: readonly string[]): (value: string) => string {
  return (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed && schemes.includes(parsed.protocol)) return value;
    throw new ValueFault(`must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`);
  };
}

/** An address that something is posted to: as `secureUrl`, and no name and password in it, which would never be sent. */
export function postUrl(value: string): string {
  const { username, password } = new URL(secureUrl(value));
  if (username === '' && password === '') return value;
  throw new ValueFault('must hold no user name and no password; put a token into its path or query, or check the signature');
}

/** An https URL, or an http one on this very machine. The text is kept as it is: issuers are compared by character. */
export function secureUrl(value: string): string {
  const parsed = URL.canParse(value) ? new URL(value) : null;
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname))) return value;
  throw new ValueFault('must be a URL that begins with https:// (http:// is accepted for this machine only)');
}

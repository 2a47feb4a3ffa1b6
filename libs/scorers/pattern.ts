import { setImmediate as nextTurn } from 'node:timers/promises';
import { RE2JS, RE2JSException } from 're2js';
import { InvalidInput } from '#core';

const MAX_INSTRUCTIONS = 1_000;
/** Instructions times characters of one search: some 25 ms for the worst patterns that were found, 1 ms for usual ones. */
const STEPS_PER_TURN = 200_000;

/** Where a pattern was found: UTF-16 offsets. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

/** A pattern of RE2 syntax: searched in time linear in the text, and in turns, so that nobody waits for a long one. */
export class Pattern {
  readonly #compiled: RE2JS;
  readonly #window: number;

  /**
   * @param flags any of `i` (case-insensitive), `m` (^ and $ match at line ends), `s` (. matches line ends).
   * @param pointer the parameter that the pattern comes from, for errors.
   * @throws InvalidInput when it does not parse, or is larger than 1,000 instructions.
   */
  constructor(source: string, flags: string, pointer: string) {
    try {
      this.#compiled = RE2JS.compile(source, flagBits(flags));
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      const detail = `is not a pattern of RE2 syntax (which has no look-around and no back-references): ${error.message}`;
      throw new InvalidInput('The pattern cannot be read.', [{ pointer, detail }]);
    }
    const size = this.#compiled.programSize();
    if (size > MAX_INSTRUCTIONS) {
      throw new InvalidInput('The pattern is too large.', [
        { pointer, detail: `compiles to ${size} instructions of ${MAX_INSTRUCTIONS} allowed; lower its counts ({m,n}) or split it` },
      ]);
    }
    this.#window = Math.floor(STEPS_PER_TURN / size);
  }

  /**
   * The first place of the pattern in the text, or null. A text longer than a window (200,000 ÷ instructions of the pattern, so at
   * least 200 characters) is searched in windows that overlap by half, between which others get their turn; there a match longer
   * than half a window may be missed.
   * @throws the signal's reason when it is aborted between two windows.
   */
  async find(text: string, signal: AbortSignal): Promise<Found | null> {
    for (let from = 0; ;) {
      const last = from + this.#window >= text.length;
      // One character more in front, so that \b and ^ see where they are.
      const lead = from > 0 ? 1 : 0;
      const offset = from - lead;
      const shown = last ? text.slice(offset) : text.slice(offset, from + this.#window);
      const matcher = this.#compiled.matcher(shown);
      // The test is the fast path of the engine, and most answers fail it.
      const found = this.#compiled.test(shown) && matcher.find(lead);
      const start = found ? offset + matcher.start() : text.length;
      // What touches the end of a window might go on, or take that for the end of the text: the next window looks at it again.
      if (found && (last || matcher.end() < matcher.inputLength())) return { start, end: offset + matcher.end() };
      if (last) return null;
      const half = from + Math.ceil(this.#window / 2);
      from = start > from ? Math.min(start, half) : half;
      await nextTurn();
      signal.throwIfAborted();
    }
  }
}

function flagBits(flags: string): number {
  return (
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('m') ? RE2JS.MULTILINE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : 0)
  );
}

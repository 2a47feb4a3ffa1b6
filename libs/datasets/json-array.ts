import { InvalidInput } from '#core';
import { parseJson } from './lines.js';
import { checkRecordLength, type DatasetLimits } from './limits.js';
import type { PlacedRecord } from './records.js';

const LIST_MEMBER = /^\s*"(?:prompts|seeds)"\s*:\s*$/;

/**
 * A JSON array of prompts, or an object with such an array as `prompts` or `seeds`. The file is cut into the elements of the list,
 * which are parsed one by one: a whole dataset never has to be in memory, nor does parsing it ever hold up other work.
 * @throws InvalidInput when it is not such a JSON text.
 */
export async function* jsonRecords(text: AsyncIterable<string>, limits: DatasetLimits): AsyncGenerator<PlacedRecord> {
  const cutter = new JsonCutter(limits);
  for await (const piece of text) yield* cutter.cut(piece);
  cutter.finish();
}

type Place = 'start' | 'object' | 'list' | 'end';

class JsonCutter {
  #place: Place = 'start';
  /** Whether the list is a member of an object. */
  #nested = false;
  #found = false;
  /** What was read of the present element or member. */
  #text = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #elements = 0;
  #afterComma = false;

  constructor(readonly limits: DatasetLimits) {}

  *cut(piece: string): Generator<PlacedRecord> {
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const character = piece.charAt(at);
      if (this.#passes(character)) continue;
      const taken = this.#text + piece.slice(from, at);
      from = at + 1;
      this.#text = '';
      if (this.#place === 'list') yield* this.#endElement(taken, character);
      else this.#endOther(taken, character);
    }
    this.#text += piece.slice(from);
    checkRecordLength(this.#text.length, this.#where(), this.limits);
  }

  finish(): void {
    if (this.#place !== 'end' || this.#text.trim() !== '') throw this.#broken();
    if (!this.#found) throw new InvalidInput("The JSON object has no list 'prompts' or 'seeds'.");
  }

  /** Whether a character belongs to the present element or member, rather than ending it. */
  #passes(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return true;
    }
    switch (character) {
      case '"':
        this.#inString = true;
        return true;
      case ',':
        return this.#depth > 0;
      case '[':
      case '{':
        // Outside the list, what a bracket opens depends on what stands before it.
        if (this.#depth === 0 && this.#place !== 'list' && !(this.#place === 'object' && character === '{')) return false;
        this.#depth += 1;
        return true;
      case ']':
      case '}':
        if (this.#depth === 0) return false;
        this.#depth -= 1;
        return true;
      default:
        return true;
    }
  }

  *#endElement(taken: string, character: string): Generator<PlacedRecord> {
    if (character === '}') throw this.#broken();
    const blank = taken.trim() === '';
    if (blank && (character === ',' || this.#afterComma)) throw this.#broken();
    const where = this.#where();
    checkRecordLength(taken.length, where, this.limits);
    if (!blank) {
      this.#elements += 1;
      yield { record: parseJson(taken, where), where };
    }
    this.#afterComma = character === ',';
    if (character === ',') return;
    this.#place = this.#nested ? 'object' : 'end';
    // So that whatever else stands in this member is seen when the member ends.
    if (this.#nested) this.#text = '"list": null';
  }

  #endOther(taken: string, character: string): void {
    if (this.#place === 'start' && taken.trim() === '' && (character === '[' || character === '{')) {
      this.#place = character === '[' ? 'list' : 'object';
      this.#found = character === '[';
      return;
    }
    if (this.#place !== 'object') throw this.#broken();
    if (character === '[') {
      if (!LIST_MEMBER.test(taken)) {
        this.#text = `${taken}[`;
        this.#depth += 1;
        return;
      }
      if (this.#found) throw new InvalidInput('The JSON object has more than one list of prompts.');
      this.#found = true;
      this.#nested = true;
      this.#afterComma = false;
      this.#place = 'list';
      return;
    }
    if (character === ']') throw this.#broken();
    const blank = taken.trim() === '';
    if (blank && (character === ',' || this.#afterComma)) throw this.#broken();
    if (!blank) parseJson(`{${taken}}`, 'The file');
    this.#afterComma = character === ',';
    if (character === '}') this.#place = 'end';
  }

  #where(): string {
    return this.#place === 'list' ? `Prompt ${this.#elements + 1}` : 'The file';
  }

  #broken(): InvalidInput {
    return new InvalidInput(
      this.#place === 'list'
        ? `The JSON is broken after prompt ${this.#elements}.`
        : "The file must be a JSON array of prompts, or an object with such an array as 'prompts' or 'seeds'.",
    );
  }
}

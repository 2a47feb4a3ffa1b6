import type { ConverterType } from '#core';
import { spell } from './spelling.js';

const WORDS: ReadonlyMap<string, string> = new Map(
  (
    'A Alfa B Bravo C Charlie D Delta E Echo F Foxtrot G Golf H Hotel I India J Juliett K Kilo L Lima M Mike N November O Oscar P Papa ' +
    'Q Quebec R Romeo S Sierra T Tango U Uniform V Victor W Whiskey X X-ray Y Yankee Z Zulu ' +
    '0 Zero 1 One 2 Two 3 Three 4 Four 5 Five 6 Six 7 Seven 8 Eight 9 Nine'
  )
    .match(/\S+ \S+/gu)
    ?.map((pair) => pair.split(' ') as [string, string]),
);

/** The code words of ICAO Annex 10, volume II, 5.2.1.3; figures by their English names. */
export const nato: ConverterType = {
  name: 'nato',
  title: 'NATO alphabet',
  description: 'Spells the text in the words of the international radiotelephony alphabet: Alfa, Bravo … Unknown characters stay.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      wordGap: { type: 'string', minLength: 1, maxLength: 16, default: ' / ', description: 'What stands between two words.' },
    },
  },
  create(parameters) {
    const { wordGap } = parameters as { wordGap: string };
    return (text) => spell(text, WORDS, wordGap);
  },
};

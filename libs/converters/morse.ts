import type { ConverterType } from '#core';
import { spell } from './spelling.js';

const SIGNS: ReadonlyMap<string, string> = new Map(
  (
    'A .- B -... C -.-. D -.. E . É ..-.. F ..-. G --. H .... I .. J .--- K -.- L .-.. M -- N -. O --- P .--. Q --.- R .-. S ... T - ' +
    'U ..- V ...- W .-- X -..- Y -.-- Z --.. ' +
    '1 .---- 2 ..--- 3 ...-- 4 ....- 5 ..... 6 -.... 7 --... 8 ---.. 9 ----. 0 ----- ' +
    '. .-.-.- , --..-- : ---... ? ..--.. \' .----. - -....- / -..-. ( -.--. ) -.--.- " .-..-. = -...- + .-.-. × -..- @ .--.-. ' +
    // Not in the recommendation, but in common use.
    '! -.-.-- & .-... ; -.-.-. _ ..--.- $ ...-..-'
  )
    .match(/\S+ \S+/gu)
    ?.map((pair) => pair.split(' ') as [string, string]),
);

/** Recommendation ITU-R M.1677-1, annex 1, part I; five signs in common use are added. */
export const morse: ConverterType = {
  name: 'morse',
  title: 'Morse code',
  description: 'Spells the text in International Morse code (ITU-R M.1677-1), with digits and punctuation. Unknown characters stay.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      wordGap: { type: 'string', minLength: 1, maxLength: 16, default: ' / ', description: 'What stands between two words.' },
    },
  },
  create(parameters) {
    const { wordGap } = parameters as { wordGap: string };
    return (text) => spell(text, SIGNS, wordGap);
  },
};

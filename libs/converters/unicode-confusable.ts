import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

// Letters of other scripts, as escapes because nobody could tell them apart in print. The first of each is the usual choice.
const LOOK_ALIKES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    a: '\u0430\u0251',
    b: '\u0184\u042c',
    c: '\u0441\u03f2',
    d: '\u0501\u217e',
    e: '\u0435\u04bd',
    f: '\u0584\u1e9d',
    g: '\u0261\u0581',
    h: '\u04bb\u0570',
    i: '\u0456\u0269',
    j: '\u0458\u03f3',
    k: '\u03ba\u043a',
    l: '\u04cf\u217c',
    m: '\u217f\u043c',
    n: '\u0578\u057c',
    o: '\u043e\u03bf\u0585',
    p: '\u0440\u03c1',
    q: '\u051b\u0563',
    r: '\u0433\u2c85',
    s: '\u0455\u01bd',
    t: '\u0442\u03c4',
    u: '\u057d\u03c5',
    v: '\u03bd\u0475',
    w: '\u051d\u0461',
    x: '\u0445\u2179',
    y: '\u0443\u04af',
    z: '\u1d22\u0290',
    A: '\u0410\u0391',
    B: '\u0412\u0392',
    C: '\u0421\u03f9',
    D: '\u13a0\u216e',
    E: '\u0415\u0395',
    F: '\u03dc\ua4dd',
    G: '\u050c\u13c0',
    H: '\u041d\u0397',
    I: '\u0406\u0399',
    J: '\u0408\u13ab',
    K: '\u041a\u039a',
    L: '\u13de\u216c',
    M: '\u041c\u039c',
    N: '\u039d\u2c9a',
    O: '\u041e\u039f\u0555',
    P: '\u0420\u03a1',
    Q: '\u051a\u2d55',
    R: '\u13a1\u01a6',
    S: '\u0405\u054f',
    T: '\u0422\u03a4',
    U: '\u054d\ua4f4',
    V: '\u0474\u13d9',
    W: '\u051c\u13b3',
    X: '\u0425\u03a7',
    Y: '\u03a5\u04ae',
    Z: '\u0396\u13c3',
  }).map(([letter, others]) => [letter, Array.from(others)]),
);

/** After the idea of Unicode Technical Standard #39, section 4 (confusable characters); the table is a selection of our own. */
export const unicodeConfusable: ConverterType = {
  name: 'unicode-confusable',
  title: 'Unicode confusables',
  description: 'Replaces Latin letters by letters of other scripts that look the same. Seeded random choices, unless deterministic.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      probability: { type: 'number', minimum: 0, maximum: 1, default: 1, description: 'How likely each letter is replaced.' },
      deterministic: { type: 'boolean', default: false, description: 'Whether a letter always gets the same look-alike.' },
    },
  },
  create(parameters) {
    const { probability, deterministic } = parameters as { probability: number; deterministic: boolean };
    return (text, { random }) =>
      mapCodePoints(text, (character) => {
        const others = LOOK_ALIKES.get(character);
        if (!others || (probability < 1 && random.next() >= probability)) return character;
        return deterministic ? (others[0] ?? character) : random.pick(others);
      });
  },
};

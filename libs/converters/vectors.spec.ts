import { describe, expect, it } from '@jest/globals';
import { seededRandom, type JsonObject } from '#core';
import { converters } from './index.js';

function convert(name: string, parameters: JsonObject, text: string): string {
  const converter = converters.get(name).create(converters.validate(name, parameters));
  return converter(text, { random: seededRandom('vectors') });
}

const FAMILY = '👩‍👩‍👧';

/** [type, parameters, text, converted]; the first rows of a type come from the document that defines it, where there is one. */
const VECTORS: readonly (readonly [string, JsonObject, string, string])[] = [
  // RFC 4648, section 10
  ['base64', {}, 'f', 'Zg=='],
  ['base64', {}, 'fo', 'Zm8='],
  ['base64', {}, 'foobar', 'Zm9vYmFy'],
  ['base64', { padding: false }, 'f', 'Zg'],
  ['base64', {}, '~~?>', 'fn4/Pg=='],
  ['base64', { variant: 'url' }, '~~?>', 'fn4_Pg=='],
  ['base64', { variant: 'url', padding: false }, '~~?>', 'fn4_Pg'],
  ['hex', { uppercase: true }, 'foobar', '666F6F626172'],
  ['hex', { separator: ' ' }, 'é!', 'c3 a9 21'],
  ['binary', {}, 'Hi', '01001000 01101001'],
  ['binary', { separator: '' }, 'é', '1100001110101001'],
  ['rot13', {}, 'Why did the chicken cross the road? é1', 'Jul qvq gur puvpxra pebff gur ebnq? é1'],
  ['caesar', { shift: -3 }, 'The quick brown fox jumps over the lazy dog!', 'Qeb nrfzh yoltk clu grjmp lsbo qeb ixwv ald!'],
  ['caesar', {}, 'xyz XYZ', 'abc ABC'],
  ['atbash', {}, 'abcxyz ABC 09', 'zyxcba ZYX 09'],
  ['atbash', { digits: true }, '0129', '9870'],
  ['vigenere', { key: 'LEMON' }, 'attackatdawn', 'lxfopvefrnhr'],
  ['vigenere', { key: 'lemon' }, 'AT TACK, at dawn', 'LX FOPV, ef rnhr'],
  // Recommendation ITU-R M.1677-1
  ['morse', {}, 'sos', '... --- ...'],
  ['morse', {}, 'Paris 1865', '.--. .- .-. .. ... / .---- ---.. -.... .....'],
  ['morse', {}, '.,:?\'-/()"=+×@é', '.-.-.- --..-- ---... ..--.. .----. -....- -..-. -.--. -.--.- .-..-. -...- .-.-. -..- .--.-. ..-..'],
  ['morse', { wordGap: '|' }, ' a\n\n🙂b ', '.-|🙂 -...'],
  // ICAO Annex 10, volume II
  ['nato', {}, 'ICAO x1', 'India Charlie Alfa Oscar / X-ray One'],
  ['leetspeak', {}, 'Leet Speak, Biz', 'L337 5p34k, 812'],
  ['leetspeak', { substitutions: { L: '|_', e: '€' } }, 'Leet', '|_€€7'],
  ['reverse', {}, `ab${FAMILY}e\u0301`, `e\u0301${FAMILY}ba`],
  ['reverse', {}, 'שלום', 'םולש'],
  ['flip-words', {}, 'one  two\nthree', 'three\ntwo  one'],
  ['unicode-confusable', { deterministic: true }, 'Pay 1!', '\u0420\u0430\u0443 1!'],
  ['unicode-confusable', { deterministic: true, probability: 0 }, 'Pay', 'Pay'],
  ['random-case', { probability: 1 }, 'aß é👋', 'Aß É👋'],
  ['random-case', { probability: 0 }, 'ABC', 'abc'],
  ['zero-width', {}, `a${FAMILY}b`, `a\u200b${FAMILY}\u200bb`],
  ['zero-width', { character: 'word-joiner' }, 'ab', 'a\u2060b'],
  // RFC 3986, sections 2.1, 2.3 and 2.5
  ['url', {}, 'À ~a/é', '%C3%80%20~a%2F%C3%A9'],
  ['url', {}, "!'()*", '%21%27%28%29%2A'],
  ['url', { everything: true }, 'aZ', '%61%5A'],
  ['ascii-smuggling', {}, 'Hi é', '\u{e0048}\u{e0069}\u{e0020}é'],
  ['ascii-smuggling', { controls: true, cover: '👋' }, '~', '👋\u{e0001}\u{e007e}\u{e007f}'],
  ['template', { template: 'A {{ prompt }} B {{other}} ${x}' }, "$& $1 $' {{ prompt }}", "A $& $1 $' {{ prompt }} B {{other}} ${x}"],
  ['template', { template: '{{prompt}}' }, 'x', 'x'],
  ['suffix-append', { suffix: '!! $&' }, 'x', 'x !! $&'],
  ['character-space', {}, 'a-b, c', 'a b   c'],
  ['character-space', { removePunctuation: false, separator: '.' }, `a!${FAMILY}`, `a.!.${FAMILY}`],
  ['diacritic', {}, 'Aha, yes', 'A\u0301ha\u0301, ye\u0301s'],
  ['diacritic', { mark: 'tilde', letters: 'N' }, 'no', 'n\u0303o'],
  ['emoji', {}, 'Az 1', '🇦\u200b🇿 1'],
  ['emoji', { style: 'regional', separator: '' }, 'fr', '🇫🇷'],
  ['emoji', { style: 'negative-squared', separator: '' }, 'ab', '🅰🅱'],
  ['emoji', { style: 'squared', separator: '' }, 'az', '🄰🅉'],
  ['emoji', { style: 'circled', separator: '' }, 'Az', 'ⒶⓏ'],
  ['search-replace', { search: '.', replacement: '$&' }, 'a.b.', 'a$&b$&'],
  ['search-replace', { search: 'a' }, 'banana', 'bnn'],
  ['repeat-token', { token: 'x', times: 3 }, 'Hi. You', 'Hi. You x x x'],
  ['repeat-token', { token: 'x', times: 2, place: 'before' }, 'Hi', 'x x Hi'],
  ['repeat-token', { token: 'x', times: 2, place: 'after-first-sentence' }, 'v1.2 is. You?', 'v1.2 is. x x You?'],
  ['repeat-token', { token: 'x', times: 2, place: 'after-first-sentence' }, 'no end', 'no end x x'],
  ['unicode-substitution', {}, 'Az0 é', '𝐀𝐳𝟎 é'],
  ['unicode-substitution', { style: 'italic' }, 'h1', 'ℎ1'],
  ['unicode-substitution', { style: 'monospace' }, 'Az9', '𝙰𝚣𝟿'],
  // RFC 8259, section 7
  ['json-string', { ascii: true }, '𝄞', '\\ud834\\udd1e'],
  ['json-string', {}, 'a"b\\\n\u0001é', 'a\\"b\\\\\\n\\u0001é'],
  ['json-string', { quotes: true }, 'a"b', '"a\\"b"'],
  ['bidi', {}, 'ab\r\n\nc', '\u202eba\u202c\r\n\n\u202ec\u202c'],
  ['bidi', {}, 'שלום', '\u202eםולש\u202c'],
  ['insert-punctuation', { probability: 1, marks: '!' }, 'two words', 'two! words!'],
  ['insert-punctuation', { probability: 1, marks: '!', place: 'anywhere' }, `a ${FAMILY}b`, `a! ${FAMILY}!b!`],
  // The Rules of Unified English Braille: 6.2 (numeric mode), 6.5 (letters after numbers), 8.3 (capitals), 7 (punctuation)
  ['braille', {}, '3.5', '⠼⠉⠲⠑'],
  ['braille', {}, '4b 4B 4m', '⠼⠙⠰⠃\u2800⠼⠙⠠⠃\u2800⠼⠙⠍'],
  ['braille', {}, '8,93', '⠼⠓⠂⠊⠉'],
  ['braille', {}, 'Hello, World! 🙂', '⠠⠓⠑⠇⠇⠕⠂\u2800⠠⠺⠕⠗⠇⠙⠖\u2800🙂'],
  ['zalgo', { probability: 0 }, 'still', 'still'],
];

describe('every converter type', () => {
  it.each(VECTORS)('%s %j', (name, parameters, text, converted) => {
    expect(convert(name, parameters, text)).toBe(converted);
  });

  it('has a vector', () => {
    expect([...new Set(VECTORS.map(([name]) => name))].sort()).toEqual(converters.list().map((type) => type.name));
  });
});

const TEXT = `Ünïcode, "quotes" & 100 % \\ of it:\n${FAMILY} שלום العربية 日本語 ~`;

describe('the text comes back', () => {
  const inverses: readonly (readonly [string, JsonObject, (converted: string) => string])[] = [
    ['base64', {}, (converted) => Buffer.from(converted, 'base64').toString()],
    ['base64', { variant: 'url', padding: false }, (converted) => Buffer.from(converted, 'base64url').toString()],
    ['hex', {}, (converted) => Buffer.from(converted, 'hex').toString()],
    ['binary', {}, (converted) => Buffer.from(converted.split(' ').map((octet) => Number.parseInt(octet, 2))).toString()],
    ['rot13', {}, (converted) => convert('rot13', {}, converted)],
    ['caesar', { shift: 7 }, (converted) => convert('caesar', { shift: -7 }, converted)],
    ['atbash', { digits: true }, (converted) => convert('atbash', { digits: true }, converted)],
    ['vigenere', { key: 'BDZ' }, (converted) => convert('vigenere', { key: 'ZXB' }, converted)],
    ['reverse', {}, (converted) => convert('reverse', {}, converted)],
    ['flip-words', {}, (converted) => convert('flip-words', {}, converted)],
    ['zero-width', {}, (converted) => converted.replaceAll('\u200b', '')],
    ['url', {}, decodeURIComponent],
    ['url', { everything: true }, decodeURIComponent],
    ['json-string', {}, (converted) => JSON.parse(`"${converted}"`) as string],
    ['json-string', { ascii: true, quotes: true }, (converted) => JSON.parse(converted) as string],
    ['diacritic', { mark: 'ring', letters: 'bcd' }, (converted) => converted.replaceAll('\u030a', '')],
    [
      'ascii-smuggling',
      {},
      (converted) => converted.replace(/[\u{e0020}-\u{e007e}]/gu, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000)),
    ],
  ];
  it.each(inverses)('from %s %j', (name, parameters, back) => {
    const converted = convert(name, parameters, TEXT);
    expect(converted).not.toBe(TEXT);
    expect(back(converted)).toBe(TEXT);
  });

  it('from every alphabet of unicode-substitution by NFKC, which no other character of it is', () => {
    const styles = (converters.get('unicode-substitution').schema as { properties: { style: { enum: readonly string[] } } }).properties
      .style.enum;
    const text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const written = styles.map((style) => convert('unicode-substitution', { style }, text));
    expect(written.map((converted) => converted.normalize('NFKC'))).toEqual(styles.map(() => text));
    expect(new Set(written).size).toBe(14);
    expect(written.filter((converted) => /[A-Za-z]/.test(converted))).toEqual([]);
  });
});

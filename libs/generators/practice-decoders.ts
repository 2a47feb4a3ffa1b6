/** How a prompt reached the guard: the disguise it saw through, or `plain`. */
export type Disguise =
  | 'plain'
  | 'base64'
  | 'hex'
  | 'binary'
  | 'morse'
  | 'rot13'
  | 'caesar'
  | 'atbash'
  | 'reversed'
  | 'leetspeak'
  | 'spaced'
  | 'unicode'
  | 'percent';

export interface Reading {
  readonly disguise: Disguise;
  readonly text: string;
}

/** A guard has only so much patience. */
const MAX_CHARACTERS = 4_000;
/** How much of a prompt is tried with every disguise. */
const SAMPLE_CHARACTERS = 400;
/** The share of common words from which on a text counts as English. */
const READABLE = 0.34;

const COMMON_WORDS = new Set(
  (
    'a about all am an and any are as ask at be been before but by can could did do does everything explain find first for from give get ' +
    'had has have hello help hi how i if in is it just keep keeping kind know let like list may me might more much must my need no not now of on ' +
    'one or our out over please quick question repeat say secret share should show sir so some spell start tell than thank thanks that the ' +
    'their them then there these they this time to today told us want was we what when where which who why will with word words would ' +
    'write yes you your password code letter letters hidden guard guarding'
  ).split(' '),
);

const MORSE = new Map(
  (
    '.- a -... b -.-. c -.. d . e ..-. f --. g .... h .. i .--- j -.- k .-.. l -- m -. n --- o .--. p --.- q .-. r ... s - t ..- u ' +
    '...- v .-- w -..- x -.-- y --.. z .---- 1 ..--- 2 ...-- 3 ....- 4 ..... 5 -.... 6 --... 7 ---.. 8 ----. 9 ----- 0 ..--.. ? .-.-.- .'
  )
    .match(/\S+ \S+/g)
    ?.map((pair) => pair.split(' ') as [string, string]),
);

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
};

/** Finds what a prompt says, in clear or in a disguise that the guard knows; null when it can make nothing of it. */
export function readPrompt(prompt: string): Reading | null {
  const text = prompt.slice(0, MAX_CHARACTERS);
  // A payload inside a readable frame is what the frame is about.
  const payload = payloads(text).find((reading) => isEnglish(reading.text));
  if (payload) return payload;
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const solved = DISGUISES.find(([, undo]) => isEnglish(undo(sample)));
  return solved ? { disguise: solved[0], text: solved[1](text) } : null;
}

function payloads(text: string): Reading[] {
  const found: Reading[] = [];
  const bits = /(?:[01]{8} ?){4,}/.exec(text)?.[0].match(/[01]{8}/g);
  if (bits) found.push({ disguise: 'binary', text: utf8(bits.map((byte) => Number.parseInt(byte, 2))) });
  const digits = /(?:[0-9a-f]{2}[ :]?){8,}/i.exec(text)?.[0].match(/[0-9a-f]{2}/gi);
  if (digits) found.push({ disguise: 'hex', text: utf8(digits.map((byte) => Number.parseInt(byte, 16))) });
  for (const [token] of text.matchAll(/[\w+/-]{16,}={0,2}/g)) found.push({ disguise: 'base64', text: utf8(Buffer.from(token, 'base64')) });
  return found;
}

const DISGUISES: readonly (readonly [Disguise, (text: string) => string])[] = [
  ['plain', (text) => text],
  ['unicode', plainLetters],
  ['reversed', (text) => Array.from(text).reverse().join('')],
  ['leetspeak', (text) => text.replace(/[0-57-9@$]/g, (sign) => LEET[sign] ?? sign)],
  ['spaced', (text) => text.replace(/(\S)[ ._-](?=\S)/g, '$1').replace(/ {2,}/g, ' ')],
  ['percent', (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => utf8(Buffer.from(run.replaceAll('%', ''), 'hex')))],
  ['morse', fromMorse],
  ['rot13', (text) => shifted(text, 13)],
  ['atbash', (text) => mapLetters(text, (place) => 25 - place)],
  ...Array.from({ length: 24 }, (_, index) => index + (index < 12 ? 1 : 2)).map(
    (shift) => ['caesar', (text: string) => shifted(text, shift)] as const,
  ),
];

/** Without accents, invisible characters, styled letters and the invisible twins of ASCII (Unicode Tags). */
function plainLetters(text: string): string {
  return text
    .replace(/[\u{e0020}-\u{e007e}]/gu, (tag) => String.fromCharCode((tag.codePointAt(0) ?? 0) - 0xe0000))
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '');
}

function fromMorse(text: string): string {
  if (!/^[\s./|·−-]+$/.test(text)) return '';
  const words = text.trim().split(/\s*[/|]\s*/);
  return words
    .map((word) =>
      word
        .split(/\s+/)
        .map((sign) => MORSE.get(sign) ?? '')
        .join(''),
    )
    .join(' ');
}

function mapLetters(text: string, move: (place: number) => number): string {
  return text.toLowerCase().replace(/[a-z]/g, (letter) => String.fromCharCode(97 + move(letter.charCodeAt(0) - 97)));
}

function utf8(bytes: Uint8Array | readonly number[]): string {
  return Buffer.from(bytes).toString('utf8');
}

function shifted(text: string, by: number): string {
  return mapLetters(text, (place) => (place + by) % 26);
}

/** Whether enough of the words are common English ones. A single word says too little. */
function isEnglish(text: string): boolean {
  const words = text.toLowerCase().match(/[^\s.,;:!?"()]+/g) ?? [];
  return words.length > 1 && words.filter((word) => COMMON_WORDS.has(word)).length / words.length >= READABLE;
}

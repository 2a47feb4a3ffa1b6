import { withoutThoughts } from '#core';
import { choiceOf, letterOf, normal } from './multiple-choice.js';

/** An answer's end is where it concludes. */
const MAX_READ = 20_000;

/** Marks of Markdown and TeX that may stand around a letter. */
const MARKS = /[*_`#>${}]|\\(?:boxed|text(?:bf|rm)?)(?=\{)/gu;
const WHOLE = /^[([]?([A-Za-z])[)\]]?[.:]?$/u;
/** `The answer is B`, `Answer: (B)`, `Option B`. */
const STATED =
  /\b(?:[Aa]nswer|ANSWER|[Oo]ption|[Cc]hoice)(?:\s+is)?\s*:?\s*(?:[Oo]ption\s+|[Cc]hoice\s+)?[("'[]?([A-Z])(?![\w'’])[)"'\]]?/gu;
/** What shows that it was not stated: `Option B is wrong`, `The answer is A or B`, `The answer is A/B`, `Is the answer B?`. */
const GOES_ON = /^(?:\s+(?!because\b|since\b|as\b)[a-z]|\s*\?|\s*[/&,]\s*\(?[A-Z]\b)/u;
/** `B) Paris`, `(B) Paris`, `B. Paris`, `B`: a line of its own. */
const LABEL = /^[([]?([A-Z])(?:[)\].:]+(?=\s|$)|\s*$|\s+[-–—]\s)\s*(.*)$/u;
const DENIED = /\b(?:not|isn['’]t|nor|neither|than)\s+(?:an?\s+|the\s+)?$/iu;

/**
 * Reads which choice an answer names, by the first of these that says anything: the whole answer is a letter; it states one (`The answer is B`);
 * a line begins with one (`B) Paris`); it holds the text of exactly one choice. What names two of them, or contradicts itself, names none.
 * @returns the index of the choice, or null when none can be read.
 */
export function readChoice(answer: string, choices: readonly string[]): number | null {
  const text = withoutThoughts(answer).slice(-MAX_READ);
  // With single spaces only, so that no pattern has long ones to try.
  const lines = text
    .replaceAll(MARKS, '')
    .split('\n')
    .map(squeezed)
    .filter((line) => line !== '');
  const plain = lines.join('\n');
  const [, whole] = WHOLE.exec(plain) ?? [];
  if (whole !== undefined) return agreed([whole.toUpperCase()], plain.replace(/[^A-Za-z]/gu, ''), choices);
  const stated = [...plain.matchAll(STATED)].flatMap(({ 0: match, 1: letter = '', index }) =>
    GOES_ON.test(plain.slice(index + match.length)) ? [] : [letter],
  );
  if (stated.length > 0) return agreed(stated, '', choices);
  const labelled = lines
    .map((line) => LABEL.exec(line) ?? [])
    .filter(([, letter]) => letter !== undefined && indexOf(letter, choices) >= 0);
  if (labelled.length > 0) {
    const letters = labelled.map(([, letter = '']) => letter);
    return agreed(letters, labelled.length === 1 ? (labelled[0]?.[2] ?? '') : '', choices);
  }
  return named(text, choices);
}

/** The choice of the letters when they are all the same, and the text beside it is not another choice, or another's letter. */
function agreed(letters: readonly string[], beside: string, choices: readonly string[]): number | null {
  const [letter = ''] = letters;
  const index = indexOf(letter, choices);
  if (index < 0 || letters.some((other) => other !== letter)) return null;
  const byText = choiceOf(beside, choices);
  const byLetter = indexOf(normal(beside).toUpperCase(), choices);
  return [byText, byLetter].every((other) => other < 0 || other === index) ? index : null;
}

function indexOf(letter: string, choices: readonly string[]): number {
  return choices.findIndex((_, index) => letterOf(index) === letter);
}

/** The only choice whose text stands in the answer, in its own spelling or else whatever its capitals. */
function named(answer: string, choices: readonly string[]): number | null {
  const text = squeezed(answer);
  const texts = choices.map(normal);
  const exact = standingIn(text, texts);
  if (exact.length > 0) return only(exact);
  const lower = texts.map((choice) => choice.toLowerCase());
  const alike = standingIn(text.toLowerCase(), lower);
  return lower.filter((choice) => choice === lower[only(alike) ?? -1]).length === 1 ? only(alike) : null;
}

function only(indices: readonly number[]): number | null {
  return indices.length === 1 ? (indices[0] ?? null) : null;
}

/** Which of the choices stand in a text as words of their own, undenied. What is a part of a longer choice there does not count. */
function standingIn(text: string, choices: readonly string[]): number[] {
  const longestFirst = choices.map((choice, index) => ({ choice, index })).sort((a, b) => b.choice.length - a.choice.length);
  const taken = new Uint8Array(text.length);
  return longestFirst.flatMap(({ choice, index }) => {
    let stands = false;
    for (let at = text.indexOf(choice); at >= 0; at = text.indexOf(choice, at + choice.length)) {
      const end = at + choice.length;
      const before = text.slice(Math.max(0, at - 40), at);
      if (taken[at] || taken[end - 1] || !isWord(before, text.slice(end, end + 2))) continue;
      taken.fill(1, at, end);
      stands ||= !DENIED.test(before);
    }
    return stands ? [index] : [];
  });
}

function squeezed(text: string): string {
  return text.trim().replaceAll(/\s+/gu, ' ');
}

/** Whether what stands between is neither a part of a longer word nor of a longer number. */
function isWord(before: string, after: string): boolean {
  return !/(?:[\p{L}\p{N}−-]|\d[.,])$/u.test(before) && !/^(?:[\p{L}\p{N}]|[.,]\d)/u.test(after);
}

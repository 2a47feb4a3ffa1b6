import { parseJson, StrategyFailed, type JsonObject } from '#core';

/** A multiple-choice question. */
export interface MultipleChoice {
  readonly question: string;
  /** From 2 to 26, each different. */
  readonly choices: readonly string[];
  /** The index of the right choice, from 0. */
  readonly right: number;
}

/** The letter of a choice: A is the first. */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

/**
 * Reads a prompt that is a JSON object `{"question": "…", "choices": ["…", …], "answer": …}`, whose answer is the index of a choice from 0, its
 * letter, or its text. Other members are left aside.
 * @throws StrategyFailed saying what is wrong, without quoting it.
 */
export function parseMultipleChoice(prompt: string): MultipleChoice {
  const value = parseJson(prompt)?.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unfit('it is not a JSON object');
  const { question, choices, answer } = value as JsonObject;
  if (!isText(question)) throw unfit('"question" is not a text');
  if (!Array.isArray(choices) || !choices.every(isText)) throw unfit('"choices" is not a list of texts');
  if (choices.length < 2 || choices.length > 26) throw unfit(`"choices" has ${choices.length} of them; it takes 2 to 26`);
  if (new Set(choices.map(normal)).size < choices.length) throw unfit('two of the "choices" are the same text');
  return { question, choices, right: rightOf(answer, choices) };
}

/** A text as it is compared: white space made one, without a full stop at its end. */
export function normal(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/gu, ' ')
    .replace(/(?<=.)\.$/u, '');
}

/** The one choice that a text is, in its own spelling or else whatever its capitals; -1 when there is none, or not only one. */
export function choiceOf(text: string, choices: readonly string[]): number {
  const exact = choices.findIndex((choice) => normal(choice) === normal(text));
  if (exact >= 0) return exact;
  const alike = choices.flatMap((choice, index) => (normal(choice).toLowerCase() === normal(text).toLowerCase() ? [index] : []));
  return alike.length === 1 ? (alike[0] ?? -1) : -1;
}

function rightOf(answer: unknown, choices: readonly string[]): number {
  if (typeof answer === 'number') {
    if (Number.isInteger(answer) && answer >= 0 && answer < choices.length) return answer;
    throw unfit(`"answer" is no index of a choice; the first is 0, the last ${choices.length - 1}`);
  }
  if (!isText(answer)) throw unfit('"answer" is neither the index of a choice from 0, nor its letter or text');
  const asText = choiceOf(answer, choices);
  const asLetter = choices.findIndex((_, index) => letterOf(index) === answer.trim().toUpperCase());
  if (asText >= 0 && asLetter >= 0 && asText !== asLetter) {
    throw unfit('"answer" is the letter of one choice and the text of another; give the index, from 0');
  }
  const right = Math.max(asText, asLetter);
  if (right < 0) throw unfit('"answer" is neither the letter nor the text of a choice');
  return right;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function unfit(what: string): StrategyFailed {
  return new StrategyFailed(
    `The prompt is no multiple-choice question: ${what}. It must be {"question": "…", "choices": ["…", "…"], "answer": index, letter or text}.`,
  );
}

import { relative } from 'node:path';
import { textTable, type Column } from '../text-table.js';
import type { Me } from './memory-files.js';
import type { Outcome } from './outcome.js';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** The result by converter and by scorer, as lines to print. */
export function resultLines({ byConverter, byScorer }: Outcome): string[] {
  const converters = byConverter.map(({ converter, planned, answered, scored, blocked, errored, refusedPercent, leakedPercent }) => [
    converter,
    ...[planned, answered + scored, blocked, errored].map(count),
    percent(refusedPercent),
    percent(leakedPercent),
  ]);
  const scorers = byScorer.map(({ scorer, scores, positive, positivePercent }) => [
    scorer,
    count(scores),
    count(positive),
    percent(positivePercent),
  ]);
  return [
    ...textTable([left('By converter'), ...['prompts', 'answered', 'blocked', 'errored', 'refused', 'leaked'].map(right)], converters),
    '',
    ...textTable([left('By scorer'), ...['answers', 'true', 'share'].map(right)], scorers),
  ];
}

/** What was shown, in two sentences. */
export function summaryLines({ planned, uniquePrompts, scores, seconds, promptsPerSecond }: Outcome): string[] {
  return [
    `${count(planned)} prompts in ${seconds} s, the restart included (${Math.round(promptsPerSecond)}/s): every one accounted for,`,
    `${count(uniquePrompts)} different ones and ${count(scores)} scores read back, one user, one memory, one file.`,
  ];
}

/** Where the memory lies and how to go on. @param url of the server when it stays, else null */
export function nextLines({ name, store }: Me, dataDir: string, url: string | null): string[] {
  const near = relative(process.cwd(), dataDir);
  const folder = near.startsWith('..') ? dataDir : `./${near}`;
  const base = url ?? 'http://127.0.0.1:8080';
  const steps: readonly (readonly [string, string])[] = [
    ...(url === null ? [['the server', `DATA_DIR=${folder} npm start`] as const] : []),
    ['a token', `DATA_DIR=${folder} npm run -s token -- --user ${name}`],
    ['the API', `${base}/api/docs`],
    ['a real model', 'npm run quickstart -- --target https://api.openai.com/v1 --model NAME --key-env OPENAI_API_KEY'],
    ['the memory', `${store?.location ?? '?'}${url === null ? '' : ' (once the server has stopped)'}`],
  ];
  return [
    `The memory of ${name} is a DuckDB file that any DuckDB client opens. How to go on:`,
    ...steps.map(([what, how]) => `  ${what.padEnd(13)} ${how}`),
  ];
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function percent(number: number | null): string {
  return number === null ? '–' : `${number.toFixed(1)} %`;
}

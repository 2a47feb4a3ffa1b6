import { Registry } from '#core';
import { echo } from './echo.js';
import { http } from './http.js';
import { openAiCompatible } from './openai-compatible.js';
import { practice } from './practice.js';

export { practiceGuard, type GuardAnswer, type GuardLevel } from './practice-guard.js';
export { PRACTICE_SECRET } from './practice-words.js';

/** The kinds of endpoints there are. A new one is a file with a `GeneratorType`, and its name here. */
export const generators = new Registry('generator', [openAiCompatible, http, echo, practice]);

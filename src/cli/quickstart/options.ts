import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { practicePrompts } from '#datasets';
import { CommandError } from '../command.js';

/** A real model that is attacked in place of the practice target. */
export interface RealTarget {
  /** What `/chat/completions` is below. */
  readonly url: URL;
  readonly model: string;
  /** The environment variable that holds the key, or null when none is needed. */
  readonly keyEnv: string | null;
  /** Whether it may be in a private network, or on this machine. */
  readonly allowPrivate: boolean;
}

export interface QuickstartOptions {
  readonly dataDir: string;
  readonly jsonFile: string | null;
  /** Whether the server stays when all is done. */
  readonly keep: boolean;
  /** How many prompts of the bundled dataset are used; each goes through every converter chain. */
  readonly prompts: number;
  readonly target: RealTarget | null;
}

/** @throws CommandError, or the error of `parseArgs`, when the arguments make no sense. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): QuickstartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string', default: './data/quickstart' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      prompts: { type: 'string' },
      target: { type: 'string' },
      model: { type: 'string' },
      'key-env': { type: 'string' },
      'allow-private': { type: 'boolean', default: false },
    },
  });
  return {
    dataDir: resolve(values['data-dir']),
    jsonFile: values.json === undefined ? null : resolve(values.json),
    keep: values.keep,
    prompts: promptCount(values.prompts),
    target: realTarget(values.target, values.model, values['key-env'], values['allow-private'], env),
  };
}

function promptCount(given: string | undefined): number {
  const most = practicePrompts().length;
  const count = given === undefined ? most : Number(given);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new CommandError(`--prompts must be a whole number from 1 to ${most}.`);
}

function realTarget(
  url: string | undefined,
  model: string | undefined,
  keyEnv: string | undefined,
  allowPrivate: boolean,
  env: NodeJS.ProcessEnv,
): RealTarget | null {
  if (url === undefined) {
    if (model === undefined && keyEnv === undefined && !allowPrivate) return null;
    throw new CommandError('--model, --key-env and --allow-private go with --target URL.');
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new CommandError('--target must be the address that /chat/completions is below, such as https://api.openai.com/v1.');
  }
  if (model === undefined) throw new CommandError('--target needs --model NAME.');
  if (keyEnv !== undefined && !env[keyEnv]) throw new CommandError('--key-env names a variable that is not set, or empty.');
  return { url: parsed, model, keyEnv: keyEnv ?? null, allowPrivate };
}

import { existsSync } from 'node:fs';
import { DomainError } from '#core';
import { Unidentified } from '../auth/canonical-user.js';
import { ConfigError } from '../config/read-config.js';

/** A command can't do what it is asked to: a sentence for the person who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs a command in the environment that the server has: `.env` is read, and what is written is for its user only. Why it fails is said on standard
 * error.
 * @param run returns the exit code; 1 when it throws.
 */
export async function runCommand(run: () => Promise<number>): Promise<void> {
  process.umask(0o077);
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    process.exitCode = await run();
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** The message of an error that was foreseen; all there is of any other. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = [CommandError, ConfigError, DomainError, Unidentified].some((kind) => error instanceof kind);
  const misused = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return foreseen || misused ? error.message : (error.stack ?? error.message);
}

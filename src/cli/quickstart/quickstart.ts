import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readConfig } from '../../config/read-config.js';
import { mintToken } from '../minted-token.js';
import { PracticeTarget } from '../practice-target.js';
import { ApiClient } from './api-client.js';
import { setUpCampaign } from './campaign.js';
import { brokenClaims } from './claims.js';
import { databaseFiles, filesOf, whoAmI } from './memory-files.js';
import type { QuickstartOptions, RealTarget } from './options.js';
import { readOutcome } from './outcome.js';
import { ProgressDisplay } from './progress-display.js';
import { nextLines, resultLines, summaryLines } from './report.js';
import { runCampaign } from './run.js';
import { ServerProcess } from './server-process.js';

const USER = 'red_teamer';
const TOKEN_SECONDS = 12 * 3_600;

/**
 * Shows the whole line to somebody who has just cloned the project: a target, the server, a campaign over its API, a restart half-way, the result.
 * What it claims it has checked.
 * @returns 0, or 1 when something that it shows is not so.
 */
export async function quickstart(options: QuickstartOptions, signal: AbortSignal): Promise<number> {
  const display = new ProgressDisplay(process.stdout);
  const say = (...lines: readonly string[]): void => display.say(lines.join('\n'));
  const { dataDir, jsonFile, keep, prompts } = options;

  const config = await readConfig({ DATA_DIR: dataDir });
  const filesBefore = await databaseFiles(config.memoryDir);
  const target = options.target ?? (await PracticeTarget.start());
  await using practice = target instanceof PracticeTarget ? target : null;
  await using server = await ServerProcess.start({ dataDir, env: serverEnv(target), signal });
  const api = new ApiClient(server, mintToken(config, { user: USER, ttlSeconds: TOKEN_SECONDS }), signal);
  say(`Server    ${server.url}, its data in ${dataDir}`, `Target    ${nameOf(target)}`);
  const campaign = await setUpCampaign(api, target, prompts);
  say(
    `Campaign  ${prompts} prompts × ${campaign.chains} converter chains, ${campaign.scorers} scorers, ` +
      `${(prompts * campaign.chains).toLocaleString('en-US')} requests`,
    '',
  );
  const before = await whoAmI(api);
  const { execution, seconds } = await runCampaign(api, server, campaign, display, signal);
  const after = await whoAmI(api);
  const { restarts } = server;
  const files = await filesOf(after, filesBefore);
  const outcome = await readOutcome(api, execution, campaign, { restarts, databaseFiles: files, seconds });
  if (jsonFile !== null) {
    await mkdir(dirname(jsonFile), { recursive: true });
    await writeFile(jsonFile, `${JSON.stringify(outcome, null, 2)}\n`);
  }
  say('', ...resultLines(outcome), '');

  const broken = brokenClaims(outcome, { campaign, execution, before, after, requests: practice?.requests ?? null });
  if (broken.length > 0) {
    process.stderr.write(`This is not as it should be:\n${broken.map((sentence) => `- ${sentence}\n`).join('')}See ${server.logFile}.\n`);
    return 1;
  }
  say(...summaryLines(outcome), '', ...nextLines(after, dataDir, keep ? server.url : null));
  if (keep) {
    say('', 'The server stays until you press Ctrl-C.');
    await untilInterrupted(signal);
  }
  return 0;
}

/** What the server needs to reach the target, and nothing more. */
function serverEnv(target: PracticeTarget | RealTarget): Record<string, string> {
  if (target instanceof PracticeTarget) return { GENERATOR_ALLOW_PRIVATE: target.host };
  const { url, keyEnv, allowPrivate } = target;
  const key = keyEnv === null ? undefined : process.env[keyEnv];
  const network = ['HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'].flatMap((name) => {
    const value = process.env[name];
    return value ? [[name, value] as const] : [];
  });
  return {
    ...Object.fromEntries(network),
    ...(keyEnv === null || key === undefined ? {} : { GENERATOR_SECRET_ENV: keyEnv, [keyEnv]: key }),
    ...(allowPrivate ? { GENERATOR_ALLOW_PRIVATE: url.host } : {}),
  };
}

function nameOf(target: PracticeTarget | RealTarget): string {
  if (target instanceof PracticeTarget) return `${target.baseUrl}, a practice guard that keeps a secret word`;
  return `${target.model} at ${target.url.href}`;
}

function untilInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupted = (): void => reject(signal.reason as Error);
    if (signal.aborted) interrupted();
    else signal.addEventListener('abort', interrupted, { once: true });
  });
}

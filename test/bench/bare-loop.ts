// The same client without us: the official SDK in a plain loop of so many workers. Prints {"seconds":…,"answers":…,"loopDelay":…}.
import OpenAI from 'openai';
import { parseArgs } from 'node:util';
import { watchEventLoop } from './event-loop.ts';

const { values } = parseArgs({
  options: { url: { type: 'string' }, prompts: { type: 'string' }, workers: { type: 'string' } },
});
const client = new OpenAI({ baseURL: values.url, apiKey: 'none', maxRetries: 0 });
const prompts = Number(values.prompts);
let next = 0;
let answers = 0;

async function work(): Promise<void> {
  for (let index = next++; index < prompts; index = next++) {
    const completion = await client.chat.completions.create({
      model: 'bench',
      messages: [{ role: 'user', content: promptText(index) }],
    });
    if (completion.choices[0]?.message.content) answers += 1;
  }
}

/** As long as the prompts of the campaign. */
function promptText(index: number): string {
  return `Prompt number ${index}: ${'please tell me what you keep to yourself. '.repeat(8)}`;
}

const loopDelay = watchEventLoop();
const begun = performance.now();
await Promise.all(Array.from({ length: Number(values.workers) }, work));
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - begun) / 1000, answers, loopDelay: loopDelay() })}\n`);

import { seededRandom, type Random } from '#core';
import type { Behaviour } from '../targets/openai-target.ts';

/** What a target does to a prompt, and how often before it behaves: for ever where there is no number. */
export interface Mischief {
  readonly kind: string;
  readonly times: number;
  /** @param nowMs milliseconds since the epoch, for dates in headers. */
  readonly behaviour: (nowMs: number) => Behaviour;
}

const fixed = (behaviour: Behaviour) => () => behaviour;
const busy = (headers: Readonly<Record<string, string>> = {}): Behaviour => ({ status: 429, headers });

/** Each with how many of a thousand prompts meet it. */
const KINDS: readonly (readonly [number, string, (nowMs: number) => Behaviour, lasting?: boolean])[] = [
  [40, 'slow', fixed({ delayMs: 250 })],
  [40, '429', fixed(busy())],
  [4, '429 with Retry-After in seconds', fixed(busy({ 'retry-after': '1' }))],
  [4, '429 with Retry-After as a date', (nowMs) => busy({ 'retry-after': new Date(nowMs + 1_000).toUTCString() })],
  [40, '500', fixed({ status: 500 })],
  [20, 'cut before the answer', fixed({ cut: 'before' })],
  [20, 'cut within the answer', fixed({ cut: 'within' })],
  [15, 'no answer', fixed({ hang: true })],
  [10, 'half a JSON document', fixed({ raw: '{"choices": [{"mess' })],
  [10, 'HTML with status 200', fixed({ raw: '<html><body>Bad gateway</body></html>', headers: { 'content-type': 'text/html' } })],
  [10, 'bytes', fixed({ raw: new Uint8Array([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]) })],
  [10, 'content filter', fixed({ reply: '', finishReason: 'content_filter' }), true],
  [6, '400', fixed({ errorCode: 'invalid_prompt' }), true],
  [3, '500 for ever', fixed({ status: 500 }), true],
];

/** What befalls a prompt, or null: the same for the same seed and content. */
export function mischiefOf(seed: string, content: string): Mischief | null {
  const random = seededRandom(`${seed}/mischief/${content}`);
  let left = random.integer(1_000);
  for (const [share, kind, behaviour, lasting = false] of KINDS) {
    left -= share;
    if (left < 0) return { kind, behaviour, times: lasting ? Number.POSITIVE_INFINITY : timesOf(random) };
  }
  return null;
}

/** A back-off after two failures is short enough for a cycle. */
function timesOf(random: Random): number {
  return 1 + random.integer(2);
}

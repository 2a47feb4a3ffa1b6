import type { Generator, GeneratorReply, GeneratorRequest } from '../generator.js';

type Line = string | Error | GeneratorReply | ((request: GeneratorRequest) => string | GeneratorReply | Promise<string | GeneratorReply>);

/** A generator that answers by a script, line by line; the last line repeats. It keeps what it was asked. */
export class ScriptedGenerator implements Generator {
  readonly requests: GeneratorRequest[] = [];
  readonly limitKey: string;
  readonly maxInFlight: number;
  readonly price = null;
  disposed = 0;

  constructor(
    readonly script: readonly Line[],
    options: { readonly limitKey?: string; readonly maxInFlight?: number } = {},
  ) {
    this.limitKey = options.limitKey ?? 'scripted';
    this.maxInFlight = options.maxInFlight ?? 10;
  }

  async generate(request: GeneratorRequest): Promise<GeneratorReply> {
    request.signal.throwIfAborted();
    const line = this.script[Math.min(this.requests.push(request), this.script.length) - 1];
    if (line === undefined) throw new Error('The script is empty.');
    if (line instanceof Error) throw line;
    const reply = typeof line === 'function' ? await line(request) : line;
    return typeof reply === 'string' ? { kind: 'answered', text: reply, finishReason: 'stop', usage: null } : reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed += 1;
  }
}

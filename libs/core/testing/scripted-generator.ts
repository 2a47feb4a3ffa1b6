import type { Generator, GeneratorLimits, GeneratorReply, GeneratorRequest } from '../generator.js';

type Line = string | Error | GeneratorReply | ((request: GeneratorRequest) => string | GeneratorReply | Promise<string | GeneratorReply>);

/** A generator that answers by a script, line by line; the last line repeats. It keeps what it was asked. */
export class ScriptedGenerator implements Generator {
  readonly requests: GeneratorRequest[] = [];
  readonly limitKey: string;
  readonly price = null;
  readonly limits: GeneratorLimits;
  disposed = 0;

  constructor(
    readonly script: readonly Line[],
    options: Partial<GeneratorLimits> & { readonly limitKey?: string } = {},
  ) {
    this.limitKey = options.limitKey ?? 'scripted';
    this.limits = {
      maxInFlight: options.maxInFlight ?? 10,
      requestsPerMinute: options.requestsPerMinute ?? null,
      tokensPerMinute: options.tokensPerMinute ?? null,
    };
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

import { JsonProcess } from './processes.ts';

/** An OpenAI-compatible endpoint in a process of its own, that takes `delayMs` for an answer. */
export class Target implements AsyncDisposable {
  readonly #process: JsonProcess;
  readonly url: string;

  private constructor(process: JsonProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(delayMs: number): Promise<Target> {
    const process = new JsonProcess('test/targets/standalone.ts', ['--delay', String(delayMs)]);
    const { port } = await process.say<{ port: number }>('port');
    return new Target(process, `http://127.0.0.1:${port}/v1`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

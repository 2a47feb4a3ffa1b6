import type { Generator, GeneratorPorts, GeneratorReply, GeneratorRequest, GeneratorType, JsonValue } from '#core';
import { compileAnswerPath, type AnswerPath } from './answer-path.js';
import { compileTemplate } from './body-template.js';
import { withDeadline } from './deadline.js';
import { answerError, errorCode, statusError, transportError } from './faults.js';
import { checkHeaders, checkSecret, headersParameter } from './headers.js';
import { lastPrompt } from './prompt.js';
import { endpointUrl, limitKey, limitsOf, requestParameters, type RequestParameters } from './request-parameters.js';

interface HttpParameters extends RequestParameters {
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: string;
  readonly body: string;
  readonly systemPrompt: string;
  readonly answerPath?: string;
}

export const http: GeneratorType = {
  name: 'http',
  title: 'HTTP endpoint',
  description: 'Any endpoint that takes a prompt in the body of a request: an application of your own, a gateway, a chat bot.',
  secrets: ['authorization'],
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['url', 'body'],
    properties: {
      url: { type: 'string', maxLength: 2_000, description: 'The address the request is sent to.' },
      method: { enum: ['POST', 'PUT', 'PATCH'], default: 'POST', description: 'The method of the request.' },
      headers: headersParameter,
      authorization: {
        type: 'string',
        minLength: 1,
        maxLength: 8_000,
        description: 'Secret. The value of the Authorization header, such as `Bearer …`.',
      },
      body: {
        type: 'string',
        maxLength: 200_000,
        description:
          'The body, with {{ prompt }} and, where wanted, {{ systemPrompt }} and {{ conversation }} (a JSON array of {role, content}). ' +
          'What is inserted is escaped as the content type asks; that is application/json unless a header says otherwise.',
      },
      systemPrompt: { type: 'string', maxLength: 100_000, default: '', description: 'What {{ systemPrompt }} stands for.' },
      answerPath: {
        type: 'string',
        minLength: 1,
        maxLength: 500,
        description: 'JSONPath (RFC 9535) of the text in a JSON answer, such as $.reply.text. Without it, the whole body is the text.',
      },
      ...requestParameters,
    },
  },
  create: (parameters, ports) => create(parameters as unknown as HttpParameters, ports),
};

async function create(parameters: HttpParameters, ports: GeneratorPorts): Promise<Generator> {
  const { method, authorization, systemPrompt, timeoutMs } = parameters;
  const url = endpointUrl(parameters.url, '/parameters/url');
  checkHeaders(parameters.headers ?? {}, 'authorization');
  checkSecret(authorization, '/parameters/authorization');
  const headers = new Headers({ 'content-type': 'application/json', 'user-agent': 'violentutf-server', ...lowerCased(parameters.headers) });
  if (authorization !== undefined) headers.set('authorization', authorization);
  const mediaType = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  const render = compileTemplate(parameters.body, mediaType);
  const findAnswer = parameters.answerPath === undefined ? null : compileAnswerPath(parameters.answerPath);

  const send = async (body: string, signal: AbortSignal): Promise<GeneratorReply> => {
    const response = await ports.fetch(url, { method, headers, body, signal });
    const text = await response.text();
    if (!response.ok) throw statusError(response.status, response.headers, errorCode(parsed(text)));
    return { kind: 'answered', text: findAnswer ? found(findAnswer, text, response.headers) : text, finishReason: null, usage: null };
  };
  const generate = async ({ messages, signal }: GeneratorRequest): Promise<GeneratorReply> => {
    const body = render({ prompt: lastPrompt(messages), systemPrompt, conversation: JSON.stringify(messages) });
    try {
      return await withDeadline(timeoutMs, signal, (deadline) => send(body, deadline));
    } catch (error) {
      signal.throwIfAborted();
      throw transportError(error);
    }
  };
  return {
    limitKey: limitKey(url, '', authorization),
    price: parameters.price ?? null,
    limits: limitsOf(parameters),
    generate,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function found(findAnswer: AnswerPath, text: string, headers: Headers): string {
  const json = parsed(text);
  if (json === undefined) throw answerError('is not JSON', headers);
  const answer = findAnswer(json);
  if (answer === null) throw answerError('has nothing at answerPath', headers, errorCode(json));
  return answer;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

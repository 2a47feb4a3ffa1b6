import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import {
  InvalidInput,
  type ChatMessage,
  type Generator,
  type GeneratorPorts,
  type GeneratorReply,
  type GeneratorType,
  type JsonObject,
} from '#core';
import { readCompletion, UnreadableCompletion } from './chat-completion.js';
import { withDeadline } from './deadline.js';
import { answerError, errorCode, statusError, transportError } from './faults.js';
import { checkHeaders, checkSecret, headersParameter } from './headers.js';
import { endpointUrl, limitKey, limitsOf, requestParameters, type RequestParameters } from './request-parameters.js';

interface OpenAiParameters extends RequestParameters {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: string;
  readonly apiKeyHeader: 'authorization' | 'api-key' | 'x-api-key';
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly maxTokensParameter: 'max_tokens' | 'max_completion_tokens';
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly extraBody?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `extraBody` may not replace: it would change what the answer is, or what the other parameters say. */
const RESERVED = ['messages', 'model', 'stream', 'stream_options', 'n'];

export const openAiCompatible: GeneratorType = {
  name: 'openai-compatible',
  title: 'OpenAI-compatible chat',
  description: 'Any endpoint with the chat completions API: OpenAI, Azure OpenAI (v1), vLLM, Ollama, LiteLLM, LM Studio and most gateways.',
  secrets: ['apiKey'],
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['baseUrl', 'model'],
    properties: {
      baseUrl: {
        type: 'string',
        maxLength: 2_000,
        description: 'The address that /chat/completions is below, such as https://api.openai.com/v1.',
      },
      model: { type: 'string', minLength: 1, maxLength: 200, description: 'The name of the model, as the endpoint has it.' },
      apiKey: { type: 'string', minLength: 1, maxLength: 8_000, description: 'Secret. The API key; leave it out where none is needed.' },
      apiKeyHeader: {
        enum: ['authorization', 'api-key', 'x-api-key'],
        default: 'authorization',
        description: 'The header that carries the key: `authorization` sends it as a bearer token, the others as it is.',
      },
      systemPrompt: { type: 'string', maxLength: 100_000, description: 'Sent before every conversation.' },
      temperature: { type: 'number', minimum: 0, maximum: 2, description: "Sampling temperature; the endpoint's default if left out." },
      topP: { type: 'number', minimum: 0, maximum: 1, description: 'Nucleus sampling.' },
      maxTokens: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'The longest answer, in tokens.' },
      maxTokensParameter: {
        enum: ['max_tokens', 'max_completion_tokens'],
        default: 'max_tokens',
        description: 'What the endpoint calls the longest answer; reasoning models want `max_completion_tokens`.',
      },
      seed: { type: 'integer', minimum: -(2 ** 53) + 1, maximum: 2 ** 53 - 1, description: 'For endpoints that sample reproducibly.' },
      stop: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 1_000 },
        minItems: 1,
        maxItems: 16,
        description: 'Texts that end an answer.',
      },
      frequencyPenalty: { type: 'number', minimum: -2, maximum: 2, description: 'Makes repeated tokens less likely.' },
      presencePenalty: { type: 'number', minimum: -2, maximum: 2, description: 'Makes tokens that occurred less likely.' },
      extraBody: { type: 'object', maxProperties: 50, description: 'Further members of the request body, sent as they are.' },
      headers: headersParameter,
      ...requestParameters,
    },
  },
  create: (parameters, ports) => create(parameters as unknown as OpenAiParameters, ports),
};

async function create(parameters: OpenAiParameters, ports: GeneratorPorts): Promise<Generator> {
  const { apiKey, timeoutMs } = parameters;
  const url = endpointUrl(parameters.baseUrl, '/parameters/baseUrl');
  checkHeaders(parameters.headers ?? {}, 'apiKey');
  checkSecret(apiKey, '/parameters/apiKey');
  const settings = settingsOf(parameters);
  const { OpenAI, APIConnectionError, APIError } = await import('openai');
  const bearer = parameters.apiKeyHeader === 'authorization';
  // Everything that the SDK would otherwise look up in the environment is given.
  const client = new OpenAI({
    baseURL: url.href,
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    // Ours comes first: its reason is told apart from the caller's.
    timeout: 2 * timeoutMs,
    fetch: ports.fetch,
    defaultHeaders: {
      ...parameters.headers,
      ...(bearer ? {} : { [parameters.apiKeyHeader]: apiKey ?? null }),
      ...(bearer && apiKey !== undefined ? {} : { authorization: null }),
    },
  });
  const system = parameters.systemPrompt ? [{ role: 'system' as const, content: parameters.systemPrompt }] : [];

  const send = async (messages: readonly ChatMessage[], signal: AbortSignal): Promise<GeneratorReply> => {
    const request = client.chat.completions.create({ ...settings, messages: [...system, ...messages] }, { signal });
    try {
      return readCompletion(await request);
    } catch (error) {
      // A parser's own message would repeat what was received.
      const unreadable =
        error instanceof UnreadableCompletion ? error : error instanceof SyntaxError && new UnreadableCompletion('is not JSON');
      if (unreadable) throw answerError(unreadable.message, (await request.asResponse()).headers, unreadable.code);
      if (!(error instanceof APIError) || error instanceof APIConnectionError) throw transportError(error);
      const code = errorCode(error.error);
      if (error.status === 400 && code === 'content_filter') return { kind: 'blocked', text: '', finishReason: code, usage: null };
      throw statusError(Number(error.status), error.headers, code);
    }
  };
  return {
    limitKey: limitKey(url, parameters.model, apiKey),
    price: parameters.price ?? null,
    limits: limitsOf(parameters),
    generate: ({ messages, signal }) => withDeadline(timeoutMs, signal, (deadline) => send(messages, deadline)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** @throws InvalidInput when `extraBody` names what it may not. */
function settingsOf(parameters: OpenAiParameters): Omit<ChatCompletionCreateParamsNonStreaming, 'messages'> {
  const extra = parameters.extraBody ?? {};
  const reserved = RESERVED.filter((name) => Object.hasOwn(extra, name));
  if (reserved.length > 0) {
    throw new InvalidInput(
      'The extra body names members that the generator sets itself.',
      reserved.map((name) => ({ pointer: `/parameters/extraBody/${name}`, detail: 'must be left out' })),
    );
  }
  const settings = {
    temperature: parameters.temperature,
    top_p: parameters.topP,
    [parameters.maxTokensParameter]: parameters.maxTokens,
    seed: parameters.seed,
    stop: parameters.stop && [...parameters.stop],
    frequency_penalty: parameters.frequencyPenalty,
    presence_penalty: parameters.presencePenalty,
    ...extra,
  };
  return { model: parameters.model, ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) };
}

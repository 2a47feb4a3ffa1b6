import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { AnswerTooLarge, UnreadableAnswer } from './errors.js';

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** What undici hands over: header names in lower case. */
type RawHeaders = Record<string, string | string[] | undefined>;

/**
 * Builds the standard `Response` from an answer that was read whole.
 * @throws AnswerTooLarge when it unpacks to more than `maxBytes`; UnreadableAnswer when it is no HTTP answer.
 */
export async function answerOf(
  url: URL,
  status: number,
  rawHeaders: RawHeaders,
  packed: Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<Response> {
  const encoding = rawHeaders['content-encoding'];
  const body = encoding === undefined ? packed : await unpack(url.host, String(encoding), packed, maxBytes);
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(rawHeaders)) {
    if (value === undefined || (encoding !== undefined && (name === 'content-encoding' || name === 'content-length'))) continue;
    if (typeof value === 'string') headers.push([name, value]);
    else for (const one of value) headers.push([name, one]);
  }
  const bodiless = status === 204 || status === 205 || status === 304;
  try {
    const response = new Response(bodiless ? null : body, { status, headers });
    // A response made by hand does not know where it came from.
    return Object.defineProperty(response, 'url', { value: url.href });
  } catch (error) {
    throw new UnreadableAnswer(url.host, 'its status or one of its headers is not valid', { cause: error });
  }
}

async function unpack(
  host: string,
  encodings: string,
  packed: Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const names = encodings.toLowerCase().split(/\s*,\s*/);
  // Each layer is one more chance for a small answer to become a large one; real servers apply one.
  if (names.length > 2) throw new UnreadableAnswer(host, 'it is encoded more than twice');
  let bytes = packed;
  for (const name of names.reverse()) {
    if (name === '' || name === 'identity' || bytes.length === 0) continue;
    if (!Object.hasOwn(DECODERS, name)) throw new UnreadableAnswer(host, 'its content encoding is not known');
    try {
      bytes = await DECODERS[name as keyof typeof DECODERS](bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw new AnswerTooLarge(host, maxBytes);
      throw new UnreadableAnswer(host, `its ${name} encoding is broken`, { cause: error });
    }
  }
  return bytes;
}

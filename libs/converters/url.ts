import type { ConverterType } from '#core';

const ESCAPED = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
const UNRESERVED = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'));

/** RFC 3986, sections 2.1 and 2.3. */
export const url: ConverterType = {
  name: 'url',
  title: 'URL encoding',
  description:
    'Percent-encodes the UTF-8 bytes of the text; letters, digits and - . _ ~ stay, unless every byte is to be encoded (RFC 3986).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      everything: { type: 'boolean', default: false, description: 'Whether letters, digits and - . _ ~ are encoded too.' },
    },
  },
  create(parameters) {
    const { everything } = parameters as { everything: boolean };
    return (text) => {
      let encoded = '';
      for (const byte of Buffer.from(text, 'utf8')) {
        encoded += !everything && UNRESERVED.has(byte) ? String.fromCharCode(byte) : ESCAPED[byte];
      }
      return encoded;
    };
  },
};

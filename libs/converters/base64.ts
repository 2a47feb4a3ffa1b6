import type { ConverterType } from '#core';

/** RFC 4648, sections 4 and 5. */
export const base64: ConverterType = {
  name: 'base64',
  title: 'Base64',
  description: 'Encodes the UTF-8 bytes of the text in Base64, in the standard or the URL alphabet (RFC 4648).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      variant: {
        type: 'string',
        enum: ['standard', 'url'],
        default: 'standard',
        description: 'The alphabet: standard (+ and /) or URL-safe (- and _).',
      },
      padding: { type: 'boolean', default: true, description: 'Whether the text is filled up with = to a multiple of four.' },
    },
  },
  create(parameters) {
    const { variant, padding } = parameters as { variant: 'standard' | 'url'; padding: boolean };
    return (text) => {
      const bare = Buffer.from(text, 'utf8')
        .toString(variant === 'url' ? 'base64url' : 'base64')
        .replace(/={1,2}$/, '');
      return padding ? bare.padEnd(Math.ceil(bare.length / 4) * 4, '=') : bare;
    };
  },
};

import type { ConverterType } from '#core';

/** RFC 8259, section 7. */
export const jsonString: ConverterType = {
  name: 'json-string',
  title: 'JSON string',
  description: 'Escapes the text as in a JSON string: quotes, backslashes, line ends; on request every character beyond ASCII (RFC 8259).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      quotes: { type: 'boolean', default: false, description: 'Whether the quotes around the string are written too.' },
      ascii: { type: 'boolean', default: false, description: 'Whether characters beyond ASCII become \\u escapes.' },
    },
  },
  create(parameters) {
    const { quotes, ascii } = parameters as { quotes: boolean; ascii: boolean };
    return (text) => {
      const quoted = JSON.stringify(text);
      const written = quotes ? quoted : quoted.slice(1, -1);
      // Without the u flag: an escape stands for one UTF-16 unit.
      return ascii ? written.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : written;
    };
  },
};

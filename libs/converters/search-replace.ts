import type { ConverterType } from '#core';
import { checkLength } from './limit.js';

export const searchReplace: ConverterType = {
  name: 'search-replace',
  title: 'Search and replace',
  description: 'Replaces every occurrence of a text by another, both taken literally.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      search: { type: 'string', minLength: 1, maxLength: 10_000, description: 'The text to look for, in this very case.' },
      replacement: { type: 'string', maxLength: 10_000, default: '', description: 'The text to put in its place.' },
    },
    required: ['search'],
  },
  create(parameters) {
    const { search, replacement } = parameters as { search: string; replacement: string };
    return (text) => {
      const parts = text.split(search);
      checkLength(text.length + (parts.length - 1) * (replacement.length - search.length));
      return parts.join(replacement);
    };
  },
};

import type { JsonValue } from '#core';

const SECRET_NAME = /(?:^|[_-])(?:api[_-]?key|key|secret|token|password|passwd|pwd|credentials?|authorization|auth)$/i;
const CAMEL_BOUNDARY = /([a-z0-9])([A-Z])/g;

/**
 * Where secrets stand in parameters, as JSON pointers: texts under names that are those of secrets. They were stored in clear, so they have to be
 * sealed on their way on, in the parameters and in the original row. A name that nobody calls a secret by is not found.
 */
export function secretPointers(value: JsonValue | undefined, pointer = ''): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const secret = typeof member === 'string' && member !== '' && SECRET_NAME.test(name.replaceAll(CAMEL_BOUNDARY, '$1_$2'));
    return secret ? [here] : secretPointers(member, here);
  });
}

import { Param, type PipeTransform } from '@nestjs/common';
import { isUuid, NotFound } from '#core';

/** Text that is no UUID names nothing, so it is answered as any other id that is not there, before it reaches a query. @throws NotFound */
export function idOf(text: string): string {
  const lower = text.toLowerCase();
  if (isUuid(lower)) return lower;
  throw new NotFound('resource', JSON.stringify(text.slice(0, 60)));
}

class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    return idOf(id);
  }
}

/** The id in a route. @param name the route parameter that holds it. */
export const IdParam = (name = 'id'): ParameterDecorator => Param(name, new IdPipe());

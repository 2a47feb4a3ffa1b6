import { Param, type PipeTransform } from '@nestjs/common';
import { isUuid, NotFound } from '#core';

/** Text that is no UUID names nothing, so it is answered as any other id that is not there, before it reaches a query. */
class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    const lower = id.toLowerCase();
    if (isUuid(lower)) return lower;
    throw new NotFound('resource', JSON.stringify(id.slice(0, 60)));
  }
}

/** The id in a route. @param name the route parameter that holds it. */
export const IdParam = (name = 'id'): ParameterDecorator => Param(name, new IdPipe());

import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { InvalidInput, type FieldFault } from '#core';

/** Nobody reads more of them, and a body of a million wrong rows would make an answer of its own size. */
const MOST_FAULTS = 100;

/**
 * Checks bodies and queries against their DTO classes: unknown members are refused, values are never converted by guessing. Query strings are
 * converted where the DTO says so, with `@QueryInteger()` and its like.
 * @throws InvalidInput from its `transform`, with a pointer per member.
 */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    transformOptions: { enableImplicitConversion: false },
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    exceptionFactory: (errors) =>
      new InvalidInput('The request is not what this route takes.', [...faultsOf(errors, '')].slice(0, MOST_FAULTS)),
  });
}

function* faultsOf(errors: readonly ValidationError[], parent: string): Generator<FieldFault> {
  for (const { property, constraints, children } of errors) {
    const pointer = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    for (const [rule, message] of Object.entries(constraints ?? {})) {
      yield { pointer, detail: rule === 'whitelistValidation' ? 'is not known here' : message.replace(`${property} `, '') };
    }
    yield* faultsOf(children ?? [], pointer);
  }
}

/** A whole number in a query string, in decimal digits. What is none stays text, for the validator to refuse. */
export const QueryInteger = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value));

/** `true` or `false` in a query string. What is neither stays text, for the validator to refuse. */
export const QueryBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

/** A list that holds each value once. That of class-validator compares each with every other, which takes minutes for a list of the largest body. */
export const AllDifferent = (): PropertyDecorator =>
  ValidateBy({
    name: 'allDifferent',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && new Set(value).size === value.length,
      defaultMessage: () => 'must hold each value once',
    },
  });

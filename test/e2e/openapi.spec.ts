import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ServerProcess } from '../server/server-process.js';

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
  readonly security?: readonly object[];
}

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
}

let server: ServerProcess;
let served: OpenApi;
/** Each operation by its method and path. */
let operations: [string, Operation][];

beforeAll(async () => {
  server = await ServerProcess.start({ env: { ADMIN_USERS: 'ada' } });
  served = await server.clientWith({}).get('/api/openapi.json');
  operations = Object.entries(served.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  );
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** The operations of which something is not so. */
const without = (isSo: (operation: Operation, route: string) => boolean): string[] =>
  operations.filter(([route, operation]) => !isSo(operation, route)).map(([route]) => route);

/** All references in a part of the description. */
function references(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]: [string, unknown]) =>
    name === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

describe('The description of the API', () => {
  it('is the one at the root of the repository: after a change, `node scripts/openapi.mjs` writes it anew', async () => {
    const committed = await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8');
    expect(JSON.parse(committed)).toEqual(served);
    expect(committed).toBe(`${JSON.stringify(served, null, 2)}\n`);
  });

  it('is OpenAPI 3.1, with nothing that refers to what is not there', () => {
    expect(served.openapi).toMatch(/^3\.1\.\d$/);
    expect(served.info).toMatchObject({ title: 'ViolentUTF', version: '2' });
    expect(operations.length).toBeGreaterThan(50);
    const known = Object.keys(served.components.schemas).map((name) => `#/components/schemas/${name}`);
    const referred = references(served);
    expect(referred.length).toBeGreaterThan(100);
    expect(referred.filter((reference) => !known.includes(reference))).toEqual([]);
    expect(known.filter((schema) => !referred.includes(schema))).toEqual([]);
  });

  it('has an id of its own and a tag for each operation, and says what every answer is', () => {
    expect(without(({ operationId }) => /^[a-z]\w+$/i.test(operationId ?? ''))).toEqual([]);
    expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length);
    expect(without(({ tags }) => tags?.length === 1)).toEqual([]);
    expect(without(({ responses }) => Object.keys(responses).some((status) => /^20[0124]$/.test(status)))).toEqual([]);
    const told = ({ responses: { 204: empty, ...others } }: Operation): boolean =>
      empty?.content === undefined && Object.values(others).every(({ content }) => Object.keys(content ?? {}).length > 0);
    expect(without(told)).toEqual([]);
  });

  it('names the parameters of each path', () => {
    const named = ({ parameters = [] }: Operation, route: string): boolean => {
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();
      const declared = parameters.filter((parameter) => parameter.in === 'path' && parameter.required === true);
      return (
        declared
          .map(({ name }) => name)
          .sort()
          .join() === inPath.join()
      );
    };
    expect(without(named)).toEqual([]);
  });

  it('says of every route but health that it wants a token, and with which problems it may answer', () => {
    const open = without(({ security }) => security !== undefined && security.length > 0);
    expect(open).toEqual(['GET /health/live', 'GET /health/ready', 'GET /metrics']);
    const guarded = (statuses: readonly string[], isMeant: (route: string) => boolean): string[] =>
      without(({ responses }, route) => {
        if (open.includes(route) || !isMeant(route)) return true;
        return statuses.every((status) => responses[status]?.content?.['application/problem+json'] !== undefined);
      });
    expect(guarded(['401', '403'], () => true)).toEqual([]);
    expect(guarded(['404'], (route) => route.includes('{'))).toEqual([]);
    expect(guarded(['400'], (route) => /^(POST|PATCH) (?!.*\/(cancel|pause)$)/.test(route))).toEqual([]);
    expect(guarded(['409', '412'], (route) => route.startsWith('PATCH'))).toEqual([]);
    const keyed = operations.filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === 'Idempotency-Key'));
    expect(keyed.length).toBeGreaterThan(7);
    for (const [, { responses }] of keyed) expect(Object.keys(responses)).toEqual(expect.arrayContaining(['409', '422']));
  });

  it('holds valid JSON Schemas (2020-12), which what the server answers fits', async () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false, allErrors: true });
    ajv.addVocabulary(['example', 'components']);
    const compile = (schema: object): ReturnType<typeof ajv.compile> => ajv.compile({ ...schema, components: served.components });
    for (const [, { parameters = [], requestBody, responses }] of operations) {
      const bodies = [requestBody, ...Object.values(responses)].flatMap((part) => Object.values(part?.content ?? {}));
      for (const { schema } of [...bodies, ...parameters]) if (schema) compile(schema);
    }
    const client = server.client('ada');
    const id = await client.create('generators', 'one', 'echo');
    const { id: execution } = await client.execute(await client.orchestrator('one', { generatorId: id }), { prompts: ['Hello.'] });
    await client.ended(execution);
    await client.dataset('one', ['Hello.']);
    for (const [route, { responses }] of operations) {
      const [method, template = ''] = route.split(' ');
      const path = template.replace(/generators\/\{id\}/, `generators/${id}`).replace(/executions\/\{id\}/, `executions/${execution}`);
      const schema = responses['200']?.content?.['application/json']?.schema;
      if (method !== 'GET' || path.includes('{') || !schema) continue;
      const fits = compile(schema);
      const { json } = await client.ask('GET', path);
      expect({ path, fits: fits(json), errors: fits.errors }).toEqual({ path, fits: true, errors: null });
    }
  });
});

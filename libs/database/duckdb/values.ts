import {
  DuckDBMaterializedResult,
  DuckDBTypeId,
  DuckDBVarCharVector,
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
} from '@duckdb/node-api';

type Convert = (value: NonNullable<DuckDBValue>) => unknown;

/** Longest stretch of conversion before other work of the process gets its turn, in milliseconds. */
const TURN_MS = 8;
const ROWS_PER_CHECK = 64;

/**
 * The rows of a result as plain objects: integers of any width as numbers, moments as ISO text, JSON parsed, UUIDs and the rest as text.
 * Chunk by chunk, giving way to other work often: converting a thousand wide rows at once would block the process for 20 ms.
 */
export async function* rowsOf(result: DuckDBResult): AsyncGenerator<Record<string, unknown>[]> {
  const names = result.deduplicatedColumnNames();
  const converts = result.columnTypes().map(converterFor);
  let turn = performance.now();
  for await (const chunk of chunksOf(result)) {
    const rows: Record<string, unknown>[] = [];
    for (let from = 0; from < chunk.rowCount; from += ROWS_PER_CHECK) {
      convertSlice(chunk, from, Math.min(from + ROWS_PER_CHECK, chunk.rowCount), names, converts, rows);
      if (performance.now() - turn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
    yield rows;
  }
}

/** A result that is whole already is taken as it is: to ask for each of its chunks on another thread takes longer than to convert it. */
async function* chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  if (result instanceof DuckDBMaterializedResult) {
    for (let index = 0; index < result.chunkCount; index++) yield result.getChunk(index);
    return;
  }
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) yield chunk;
}

function convertSlice(
  chunk: DuckDBDataChunk,
  from: number,
  to: number,
  names: readonly string[],
  converts: readonly (Convert | null)[],
  into: Record<string, unknown>[],
): void {
  for (let index = from; index < to; index++) into.push({});
  for (const [column, name] of names.entries()) {
    const vector = chunk.getColumnVector(column);
    const convert = converts[column];
    const text = vector instanceof DuckDBVarCharVector;
    for (let index = from; index < to; index++) {
      const value = text ? textAt(vector, index) : vector.getItem(index);
      const row = into[index];
      if (row) row[name] = value === null || value === undefined ? null : convert ? convert(value) : value;
    }
  }
}

const BYTES_PER_TEXT = 16;
const TEXT_PREFIX_AT = 4;

/**
 * A text of a column. The driver decodes it with a decoder that swallows a byte order mark at the beginning, which in a prompt is a character like
 * any other: the engine keeps the first bytes of each text beside its length, where the mark is seen, and so put back.
 */
function textAt(vector: DuckDBVector, index: number): DuckDBValue {
  const value = vector.getItem(index);
  if (typeof value !== 'string') return value;
  const { dataView } = vector as unknown as { dataView: DataView };
  const at = index * BYTES_PER_TEXT;
  if (dataView.getUint32(at, true) < 3 || dataView.getUint8(at + TEXT_PREFIX_AT) !== 0xef) return value;
  return dataView.getUint16(at + TEXT_PREFIX_AT + 1) === 0xbbbf ? `\ufeff${value}` : value;
}

function converterFor(type: DuckDBType): Convert | null {
  if (type.alias === 'JSON') return (value) => JSON.parse(String(value)) as unknown;
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.VARCHAR:
      return null;
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return Number;
    case DuckDBTypeId.DECIMAL:
      return (value) => Number(String(value));
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value) => new Date(Number((value as { micros: bigint }).micros) / 1000).toISOString();
    default:
      return String;
  }
}

/**
 * A value as JSON text that the engine accepts. It refuses half a surrogate pair, which models do write: such a half becomes U+FFFD, as it does
 * wherever text becomes bytes.
 */
export function toJson(value: object): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') ? json.replaceAll(/\\(?:ud[0-9a-f]{3}|.)/g, (escape) => (escape.length > 2 ? '\ufffd' : escape)) : json;
}

/** A query parameter as the engine takes it: objects and lists become JSON text, moments ISO text. */
export function toParameter(value: unknown): DuckDBValue {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return toJson(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  throw new TypeError(`A ${typeof value} can't be a query parameter.`);
}

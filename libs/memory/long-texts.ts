import type { Transaction } from 'kysely';
import type { LongTextTable, MemoryTables, MessageTable } from './tables.js';

/**
 * How much of a text the column of a message holds, in UTF-16 units; the rest lies in `long_texts`, in parts of this length. An engine reads and
 * compresses a column by thousands of rows at once, so rows of a megabyte would exhaust any limit of memory, and the database with it.
 */
const PART = 16_384;

/** A row with both its texts, and both whole, as everybody but this file sees it. */
export type Whole<T> = Omit<T, 'converted_value' | 'converted_value_sha256'> & {
  readonly converted_value: string;
  readonly converted_value_sha256: string;
};

/** A message as it is stored, with its texts. */
export type Message = Whole<MessageTable>;

/** A message as it was, or is to be, said. */
export type WholeMessage = Omit<Whole<MessageTable>, 'original_parts' | 'converted_parts'>;

/** What `withWholeTexts` and `textLength` look at, beside the id. */
export const TEXT_COLUMNS = [
  'original_value',
  'original_value_sha256',
  'original_parts',
  'converted_value',
  'converted_value_sha256',
  'converted_parts',
] as const satisfies readonly (keyof MessageTable)[];

type Beginnings = Pick<MessageTable, 'id' | (typeof TEXT_COLUMNS)[number]>;

/** The rows by which messages are kept. A text that is original and converted at once has its parts once. */
export function messageRows(wholes: readonly WholeMessage[]): { messages: MessageTable[]; long_texts: LongTextTable[] } {
  const messages: MessageTable[] = [];
  const long_texts: LongTextTable[] = [];
  for (const whole of wholes) {
    const isOne = whole.original_value_sha256 === whole.converted_value_sha256;
    const [original, ...originalRest] = partsOf(whole.original_value);
    const [converted, ...convertedRest] = isOne ? [null] : partsOf(whole.converted_value);
    messages.push({
      ...whole,
      original_value: original,
      original_parts: originalRest.length || null,
      converted_value: converted,
      converted_value_sha256: isOne ? null : whole.converted_value_sha256,
      converted_parts: convertedRest.length || null,
    });
    for (const [index, text] of originalRest.entries()) long_texts.push({ message_id: whole.id, field: 'original', part: index + 1, text });
    for (const [index, text] of convertedRest.entries())
      long_texts.push({ message_id: whole.id, field: 'converted', part: index + 1, text });
  }
  return { messages, long_texts };
}

/** About how many characters the whole texts of a message have. */
export function textLength(message: Omit<Beginnings, 'id'>): number {
  const original = message.original_value.length + (message.original_parts ?? 0) * PART;
  return original + (message.converted_value === null ? original : message.converted_value.length + (message.converted_parts ?? 0) * PART);
}

/** The messages with their whole texts: one query more where there are long ones. */
export async function withWholeTexts<T extends Beginnings>(db: Transaction<MemoryTables>, messages: readonly T[]): Promise<Whole<T>[]> {
  const long = messages.filter((message) => message.original_parts !== null || message.converted_parts !== null);
  const rests = long.length === 0 ? new Map<string, string[]>() : await readRests(db, long);
  return messages.map((message) => {
    const original = [message.original_value, ...(rests.get(`original ${message.id}`) ?? [])].join('');
    const { converted_value: beginning, converted_value_sha256: digest } = message;
    const converted =
      beginning === null || digest === null || digest === message.original_value_sha256
        ? { converted_value: original, converted_value_sha256: message.original_value_sha256 }
        : { converted_value: [beginning, ...(rests.get(`converted ${message.id}`) ?? [])].join(''), converted_value_sha256: digest };
    return { ...message, original_value: original, ...converted };
  });
}

/** The rests of long texts, in order, by field and message. */
async function readRests(db: Transaction<MemoryTables>, long: readonly Beginnings[]): Promise<Map<string, string[]>> {
  const parts = await db
    .selectFrom('long_texts')
    .selectAll()
    .where(
      'message_id',
      'in',
      long.map((message) => message.id),
    )
    .orderBy('message_id')
    .orderBy('field')
    .orderBy('part')
    .execute();
  const rests = new Map<string, string[]>();
  for (const { message_id, field, text } of parts) {
    const rest = rests.get(`${field} ${message_id}`);
    if (rest) rest.push(text);
    else rests.set(`${field} ${message_id}`, [text]);
  }
  return rests;
}

/** A text in parts of at most `PART` units, at least one; no character is cut in two. */
export function partsOf(text: string): readonly [string, ...string[]] {
  if (text.length <= PART) return [text];
  const parts: string[] = [];
  for (let from = 0; from < text.length;) {
    const end = from + PART;
    const to = isSecondHalf(text, end) ? end - 1 : end;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts as [string, ...string[]];
}

function isSecondHalf(text: string, place: number): boolean {
  const unit = text.charCodeAt(place);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

import { randomFillSync } from 'node:crypto';
import { canonicalJson, sha256, type JsonValue } from './json.js';

const pool = new Uint8Array(16 * 256);
let used = pool.length;
let lastMs = 0;
let counter = 0;

/**
 * A UUID version 7 (RFC 9562 §5.7): sorted by creation time to the millisecond, and within one process strictly, because `rand_a`
 * serves as a counter (method 1 of §6.2). Keyset pages rely on that order.
 */
export function uuidv7(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = Buffer.from(pool.buffer, pool.byteOffset + used, 8);
  used += 16;
  const time = lastMs.toString(16).padStart(12, '0');
  const tail = (random.readUInt16BE(0) & 0x3fff) | 0x8000;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.toString(16)}-${random.toString('hex', 2, 8)}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` is a lower-case UUID: what every id in a route must be before it reaches a query. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * A name for content: a UUID version 8 (RFC 9562 §5.8) made of the first 122 bits of the SHA-256 of its canonical JSON. Equal content has equal
 * ids, in any place and at any time.
 */
export function contentId(content: JsonValue): string {
  const hex = sha256(canonicalJson(content));
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

import { setImmediate as otherWork } from 'node:timers/promises';
import { InvalidInput } from '#core';

const PIECE_BYTES = 64 * 1024;
/** After how many pieces the event loop gets its turn: some 2 ms of work. */
const PIECES_PER_TURN = 4;

/**
 * Decodes UTF-8 strictly, piece by piece, without a byte order mark, and lets other work run in between.
 * @throws InvalidInput naming the offset of the first byte that is not UTF-8.
 */
export async function* utf8Text(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  // The bytes of a character that the next piece completes: needed only to tell where an error stands.
  let open: Uint8Array = new Uint8Array();
  let offset = 0;
  let pieces = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      let text: string;
      try {
        text = decoder.decode(piece, { stream: true });
      } catch {
        throw notUtf8(offset - open.length + firstFault(Buffer.concat([open, piece])));
      }
      if (text !== '') yield text;
      open = unfinished(piece.length < 4 ? Buffer.concat([open, piece]) : piece);
      offset += piece.length;
      if (++pieces % PIECES_PER_TURN === 0) await otherWork();
    }
  }
  if (open.length > 0) throw notUtf8(offset - open.length);
}

function notUtf8(offset: number): InvalidInput {
  return new InvalidInput(`The file is not UTF-8: byte ${offset} does not fit. Save it as UTF-8 and send it again.`);
}

/** The bytes at the end that begin a character and do not complete it. */
function unfinished(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.slice(bytes.length - back) : new Uint8Array();
  }
  return new Uint8Array();
}

/** The place of the byte at which decoding fails first. A beginning can be decoded as long as it holds no fault. */
function firstFault(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

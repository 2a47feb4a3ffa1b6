/**
 * The data of server-sent events, as JSON (HTML Living Standard, "Server-sent events"). Comments, ids and types are passed over. It ends when the
 * stream ends; a stream that breaks off ends as well, because whoever watches asks again.
 */
export async function* eventsOf<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let text = '';
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const chunk = await chunks.next().catch(() => null);
      if (!chunk || chunk.done) return;
      text = (text + decoder.decode(chunk.value, { stream: true })).replaceAll('\r\n', '\n');
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = event.split('\n').flatMap((line) => (line.startsWith('data:') ? line.slice(5).trimStart() : []));
        if (data.length > 0) yield JSON.parse(data.join('\n')) as T;
      }
    }
  } finally {
    await chunks.return?.().catch(() => undefined);
  }
}

/**
 * What a moment without a zone is taken for:
 * - `utc`: its program wrote UTC;
 * - `local-as-utc`: its program wrote the local time of a machine that is not known, which is taken for UTC: it may be hours off;
 * - `process-start`: the time at which the program was started and not that of the row, by a fault of it; taken for UTC;
 * - `offset`: the text names its zone.
 */
export type TimeAssumption = 'utc' | 'local-as-utc' | 'process-start' | 'offset';

export interface LegacyTime {
  /** As it was stored. */
  readonly text: string;
  /** ISO 8601 UTC under the assumption; null when the text is no moment of the calendar. */
  readonly at: string | null;
  readonly assumption: TimeAssumption;
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** A moment as Python, DuckDB or SQLite wrote it. Milliseconds are kept in `at`, all digits in `text`. */
export function legacyTime(text: string, assumption: TimeAssumption): LegacyTime {
  const match = MOMENT.exec(text.trim());
  if (!match) return { text, at: null, assumption };
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  const ms = Date.parse(local);
  // A day that the month doesn't have rolls over in some parsers: what comes out must be what went in.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== local) return { text, at: null, assumption };
  if (zone === undefined) return { text, at: local, assumption };
  return { text, at: new Date(ms - offsetMs(zone)).toISOString(), assumption: 'offset' };
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

import type { JsonValue, ScoreType } from '#core';

export interface ScoreReading {
  /** Null for a value that is neither yes or no nor a number from 0 to 1. */
  readonly scoreType: ScoreType | null;
  /** As this server writes it (`true`, `false`, decimal text), or as it was stored when it is neither. */
  readonly value: string;
}

/** A score as Python stored it: `True`, `0.8`, or a JSON value. The type that was stored with it decides, if the value fits it. */
export function scoreValue(stored: JsonValue | undefined, storedType: string | null): ScoreReading {
  const text = typeof stored === 'string' ? stored.trim() : JSON.stringify(stored ?? null);
  if (storedType !== 'float_scale' && /^(?:true|false)$/i.test(text)) return { scoreType: 'true_false', value: text.toLowerCase() };
  if (storedType !== 'true_false' && /^(?:0|1|0?\.\d+|0\.\d*|1\.0*)(?:e-\d+)?$/i.test(text))
    return { scoreType: 'float_scale', value: String(Number(text)) };
  return { scoreType: null, value: text };
}

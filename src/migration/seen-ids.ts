import { sha256 } from '#core';

const BUCKETS = 256;
const FIRST_PLACES = 16;
/** Fuller than this, what is looked for is found too late. */
const FULLEST = 0.75;

/**
 * Which ids were seen: 52 bits of each, in at most 22 bytes, where a `Set` takes 50. Another id that has the same bits by chance is taken for seen:
 * of a million, one in ten thousand million times.
 */
export class SeenIds {
  readonly #buckets = Array.from({ length: BUCKETS }, () => ({ places: new Float64Array(FIRST_PLACES), size: 0 }));

  add(id: string): void {
    const mark = markOf(id);
    const bucket = this.#bucketOf(mark);
    if (bucket.size >= bucket.places.length * FULLEST) {
      const fuller = new Float64Array(bucket.places.length * 2);
      for (const kept of bucket.places) if (kept !== 0) fuller[placeOf(fuller, kept)] = kept;
      bucket.places = fuller;
    }
    const place = placeOf(bucket.places, mark);
    if (bucket.places[place] === mark) return;
    bucket.places[place] = mark;
    bucket.size += 1;
  }

  has(id: string): boolean {
    const mark = markOf(id);
    const { places } = this.#bucketOf(mark);
    return places[placeOf(places, mark)] === mark;
  }

  #bucketOf(mark: number): { places: Float64Array; size: number } {
    return this.#buckets[mark % BUCKETS] as { places: Float64Array; size: number };
  }
}

/** Where a mark is, or where it would be put. */
function placeOf(places: Float64Array, mark: number): number {
  let place = Math.floor(mark / BUCKETS) % places.length;
  while (places[place] !== 0 && places[place] !== mark) place = (place + 1) % places.length;
  return place;
}

/** Never 0, which is an empty place. */
function markOf(id: string): number {
  return parseInt(sha256(id).slice(0, 13), 16) || 1;
}

const START = Date.UTC(2025, 0, 6, 8);

/** A moment as Python wrote it, naive and with microseconds, so many minutes after the estate began. */
export function moment(minutes: number): string {
  return new Date(START + minutes * 60_000).toISOString().replace('T', ' ').replace('Z', '123');
}

/** The same as `isoformat()` gives it. */
export function isoMoment(minutes: number): string {
  return moment(minutes).replace(' ', 'T');
}

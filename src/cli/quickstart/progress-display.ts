import { styleText } from 'node:util';

/** How far a run is. */
export interface Progress {
  readonly settled: number;
  readonly planned: number;
  readonly promptsPerSecond: number | null;
  readonly etaSeconds: number | null;
}

const WIDEST_BAR = 40;
/** Where the terminal does not say how wide it is. */
const USUAL_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[2K';

/** Shows progress: a bar that is drawn in place on a terminal, a line for every tenth elsewhere. */
export class ProgressDisplay {
  #drawn = '';
  #tenths = 0;

  constructor(private readonly out: NodeJS.WriteStream) {}

  show(progress: Progress): void {
    if (this.out.isTTY) {
      this.#drawn = barLine(progress, this.out);
      this.out.write(`${ERASE_LINE}${this.#drawn}`);
      return;
    }
    const tenths = Math.floor(shareOf(progress) * 10);
    if (tenths <= this.#tenths) return;
    this.#tenths = tenths;
    this.out.write(`  ${figures(progress)}\n`);
  }

  /** Says something without disturbing the bar. */
  say(text: string): void {
    if (this.out.isTTY && this.#drawn !== '') this.out.write(`${ERASE_LINE}${text}\n${this.#drawn}`);
    else this.out.write(`${text}\n`);
  }

  /** Leaves the bar as it stands. */
  end(): void {
    if (this.#drawn !== '') this.out.write('\n');
    this.#drawn = '';
  }
}

function barLine(progress: Progress, out: NodeJS.WriteStream): string {
  const text = figures(progress);
  const width = Math.max(0, Math.min(WIDEST_BAR, (out.columns || USUAL_COLUMNS) - text.length - 5));
  const full = Math.round(shareOf(progress) * width);
  const bar = styleText('green', '█'.repeat(full), { stream: out }) + styleText('dim', '░'.repeat(width - full), { stream: out });
  return `  ${bar}  ${text}`;
}

function figures(progress: Progress): string {
  const { settled, planned, promptsPerSecond, etaSeconds } = progress;
  const percent = `${Math.floor(shareOf(progress) * 100)} %`.padStart(5);
  const count = `${settled.toLocaleString('en-US')} of ${planned.toLocaleString('en-US')}`;
  const rate = promptsPerSecond === null ? [] : [`${promptsPerSecond.toFixed(0)}/s`];
  const eta = etaSeconds === null || settled === planned ? [] : [`${timeOf(etaSeconds)} left`];
  return [percent, count, ...rate, ...eta].join('  ');
}

function shareOf({ settled, planned }: Progress): number {
  return planned === 0 ? 0 : settled / planned;
}

function timeOf(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

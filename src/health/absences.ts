/** Tells what is over from what only comes and goes. */
export class Absences {
  readonly #looks = new Map<string, number>();

  /** @param enough at how many looks in a row something must not be there to be over. */
  constructor(private readonly enough: number) {}

  /** To be asked once at each look. @returns whether it is over, once. */
  isOver(what: string, isThere: boolean): boolean {
    const looks = isThere ? 0 : (this.#looks.get(what) ?? 0) + 1;
    const over = looks >= this.enough;
    if (isThere || over) this.#looks.delete(what);
    else this.#looks.set(what, looks);
    return over;
  }
}

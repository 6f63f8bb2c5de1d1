/** What is to happen, and when, on a clock that jumps from one to the next. */
export class Timeline<T extends { readonly at: number }> {
  #now = 0;
  #due: T[] = [];

  /** Milliseconds from the start. */
  get now(): number {
    return this.#now;
  }

  /** Of those of one moment the one that was added first happens first. */
  add(due: T): void {
    this.#due.push(due);
  }

  /** Forgets what is not to happen any more. */
  keep(isWanted: (due: T) => boolean): void {
    this.#due = this.#due.filter(isWanted);
  }

  has(is: (due: T) => boolean): boolean {
    return this.#due.some(is);
  }

  /** Lets time pass until the next happens. @returns undefined: nothing is left to happen */
  next(): T | undefined {
    const [first, ...others] = this.#due;
    if (first === undefined) return undefined;
    const next = others.reduce((earliest, other) => (other.at < earliest.at ? other : earliest), first);
    this.#due.splice(this.#due.indexOf(next), 1);
    this.#now = next.at;
    return next;
  }
}

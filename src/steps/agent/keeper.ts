/** Saves one thing at a time, in order: while a save is under way, all who ask share the next one, which saves what is there when it begins. */
export class Keeper {
  readonly #save: () => Promise<void>;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(save: () => Promise<void>) {
    this.#save = save;
  }

  /** Resolves once what is there now is saved. @throws what saving throws */
  keep(): Promise<void> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      const saving = this.#save();
      // Whoever asked hears of the failure.
      this.#current = saving.catch(() => undefined);
      return saving;
    });
    return this.#next;
  }
}

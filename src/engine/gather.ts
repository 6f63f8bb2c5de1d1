/**
 * Does together what is asked for in one turn of the event loop: under load that is one command of Redis instead of many.
 * @param act gets all that was asked for under one name, in that order. Where it throws, everybody who asked gets the error. @returns asks for one
 */
export function gathered<T>(
  act: (name: string, all: readonly T[]) => Promise<void>,
): (name: string, one: T) => Promise<void> {
  const asked = new Map<string, { readonly all: T[]; readonly done: Promise<void> }>();
  return (name, one) => {
    const open = asked.get(name);
    if (open) {
      open.all.push(one);
      return open.done;
    }
    const all = [one];
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      asked.delete(name);
      return act(name, all);
    });
    asked.set(name, { all, done });
    return done;
  };
}

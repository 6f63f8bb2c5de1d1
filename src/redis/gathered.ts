/** The most that goes into one flush. */
const usualMost = 500;

/**
 * Gathers what comes in one turn of the event loop, so that it is flushed together: under load that is many times cheaper than one by one, and nobody waits for it
 * who is alone.
 * @param flush takes them in the order in which they came; where it fails, all of them have failed @returns adds one; its promise is that of the flush that it went with
 */
export function gathered<T, R>(
  flush: (items: readonly T[]) => Promise<R>,
  most: number = usualMost,
): (item: T) => Promise<R> {
  let open: { readonly items: T[]; readonly flushed: Promise<R> } | undefined;
  const begin = () => {
    const items: T[] = [];
    const flushed = new Promise<R>((resolve) => {
      setImmediate(() => {
        if (open?.items === items) open = undefined;
        resolve((async () => flush(items))());
      });
    });
    return { items, flushed };
  };
  return (item) => {
    open ??= begin();
    const { items, flushed } = open;
    items.push(item);
    if (items.length >= most) open = undefined;
    return flushed;
  };
}

/** {@link gathered}, apart for each name. @param flush takes what came under one name. @returns adds one under a name */
export function gatheredByName<T, R>(
  flush: (name: string, items: readonly T[]) => Promise<R>,
): (name: string, item: T) => Promise<R> {
  const open = new Map<string, (item: T) => Promise<R>>();
  const begin = (name: string) => {
    const add = gathered((items: readonly T[]) => {
      open.delete(name);
      return flush(name, items);
    });
    open.set(name, add);
    return add;
  };
  return (name, item) => (open.get(name) ?? begin(name))(item);
}

/**
 * Gives all who ask the same within one turn of the event loop the same answer. It is asked for at the end of the turn: so it is never older than a question.
 * @param isSame whether one answer does for both
 */
export function shared<Q, A>(
  ask: (question: Q) => Promise<A>,
  isSame: (one: Q, other: Q) => boolean,
): (question: Q) => Promise<A> {
  let waiting: { readonly question: Q; readonly take: (answer: Promise<A>) => void }[] = [];
  const flush = () => {
    const asked: { readonly question: Q; readonly answer: Promise<A> }[] = [];
    const all = waiting;
    waiting = [];
    for (const { question, take } of all) {
      const found = asked.find((one) => isSame(one.question, question));
      const answer = found?.answer ?? ask(question);
      if (!found) asked.push({ question, answer });
      take(answer);
    }
  };
  return (question) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ question, take: resolve });
    });
}

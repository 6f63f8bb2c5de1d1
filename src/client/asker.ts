/** Who asks for something, and how it is made safe to ask again. */
export interface Asker {
  /** For the history. Default: `api`. */
  readonly author?: string;
  /** Of what makes something: the same key with the same request gives what the first one gave. What makes nothing twice needs none, and passes over it. */
  readonly idempotencyKey?: string;
}

/** The headers that say so. A header holds no other than Latin letters. */
export function askerHeaders({ author, idempotencyKey }: Asker): Record<string, string> {
  return {
    ...(author === undefined ? {} : { "x-switchyard-author": encodeURIComponent(author) }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
}

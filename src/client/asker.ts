/** Who asks for something. */
export interface Asker {
  /** For the history. Default: `api`. */
  readonly author?: string;
}

/** The header that says who asks; it holds no other than Latin letters. */
export function authorHeader({ author }: Asker): Record<string, string> {
  return author === undefined ? {} : { "x-switchyard-author": encodeURIComponent(author) };
}

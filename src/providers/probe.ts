import { httpFailure } from "./http-failure.ts";

/** One cheap request that a healthy endpoint answers. */
export interface Probe {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses that show it is up although it does not know the path. */
  readonly fine?: readonly number[];
}

/** Sends it and reads the answer to its end. @throws Error - the status is an error, see {@link httpFailure}; or what fetch throws */
export async function probe(
  { url, headers, fine = [] }: Probe,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { headers, signal });
  const isFine = response.ok || fine.includes(response.status);
  if (!isFine) throw await httpFailure(response);
  await response.text();
}

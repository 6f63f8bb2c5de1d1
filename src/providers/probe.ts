import { APICallError } from "@ai-sdk/provider";

/** One cheap request that a healthy endpoint answers. */
export interface Probe {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses that show it is up although it does not know the path. */
  readonly fine?: readonly number[];
}

/** Sends it and reads the answer to its end. @throws APICallError - the status is an error; or what fetch throws */
export async function probe(
  { url, headers, fine = [] }: Probe,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { headers, signal });
  const responseBody = await response.text();
  if (response.ok || fine.includes(response.status)) return;
  throw new APICallError({
    message: response.statusText,
    url,
    requestBodyValues: {},
    statusCode: response.status,
    responseHeaders: Object.fromEntries(response.headers),
    responseBody,
  });
}

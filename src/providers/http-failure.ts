import { APICallError } from "@ai-sdk/provider";

/**
 * The failure in an answer: its status, what its body says in the words of any vendor, Retry-After and the vendors' reset headers. To be thrown
 * by a provider; the class is decided where it is caught.
 */
export async function httpFailure(response: Response): Promise<Error> {
  return new APICallError({
    message: response.statusText,
    url: response.url,
    requestBodyValues: {},
    statusCode: response.status,
    responseHeaders: Object.fromEntries(response.headers),
    // A body that breaks off says nothing: the status alone decides.
    responseBody: await response.text().catch(() => ""),
  });
}

import { STATUS_CODES } from "node:http";
import { APICallError } from "@ai-sdk/provider";

/** An answer that is an error, read to its end. */
export interface FailedAnswer {
  readonly url: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where it broke off: then the status alone decides. */
  readonly body: string;
}

/**
 * The failure in an answer: its status, what its body says in the words of any vendor, Retry-After and the vendors' reset headers. To be thrown
 * by a provider; the class is decided where it is caught.
 */
export function answerFailure({ url, status, headers, body }: FailedAnswer): Error {
  return new APICallError({
    message: STATUS_CODES[status] ?? "",
    url,
    requestBodyValues: {},
    statusCode: status,
    responseHeaders: { ...headers },
    responseBody: body,
  });
}

/** The same of an answer to fetch. */
export async function httpFailure(response: Response): Promise<Error> {
  const { url, status, headers } = response;
  const body = await response.text().catch(() => "");
  return answerFailure({ url, status, headers: Object.fromEntries(headers), body });
}

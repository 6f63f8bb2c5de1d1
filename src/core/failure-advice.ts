import type { FailureClass } from "./call.ts";

/** What a person does about a failed call, by its class. One sentence each. */
export const failureAdvice: Readonly<Record<FailureClass, string>> = {
  caller: "The provider refused the request itself: check the model's name and what it can do.",
  context_length: "The request is too long for the model: shorten it, or configure one with a larger window.",
  content_filtered: "The provider's content filter refused it: reword the request, or use another provider.",
  auth: "Check the key, its permissions and the account's billing.",
  not_found: "Check the model's or deployment's name, and that the key may use it.",
  rate_limited:
    "The provider limits the rate: wait, ask it for a higher limit, or set one in `routing.limits` below it.",
  overloaded: "The provider is overloaded: nothing to correct here; routing goes around it until it recovers.",
  server: "The provider itself failed: look at its status page; routing goes around it until it recovers.",
  timeout: "It did not answer in time: check the network, or give it more with its `timeout`.",
  network: "It could not be reached: check the endpoint's address, the network, proxy and certificates.",
  malformed:
    "What answered does not speak the vendor's format: check that the endpoint is that of this provider's API.",
  cancelled: "It was ended before it was answered.",
};

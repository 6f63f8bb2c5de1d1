import { answerSuite } from "./answer-suite.ts";
import { checkSuite } from "./check-suite.ts";
import { conversationSuite } from "./conversation-suite.ts";
import { failureSuite } from "./failure-suite.ts";
import type { ProviderWire } from "./provider-wire.ts";
import { streamSuite } from "./stream-suite.ts";

/** Registers the tests that every provider runs, in Vitest: answers, each failure on the wire, streams, tools, pictures, the active check. */
export function providerSuite(wire: ProviderWire): void {
  answerSuite(wire);
  failureSuite(wire);
  streamSuite(wire);
  conversationSuite(wire);
  checkSuite(wire);
}

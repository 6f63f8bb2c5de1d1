import { anthropicWire } from "./wires/anthropic.ts";
import { bedrockWire } from "./wires/bedrock.ts";
import { azureWire, chatWires } from "./wires/chat-completions.ts";
import { geminiWire } from "./wires/gemini.ts";
import { responsesWire } from "./wires/responses.ts";
import type { VendorWire } from "./wires/wire.ts";

export type { VendorWire } from "./wires/wire.ts";

/** The vendors that every provider test runs with. OpenAI is the first. */
export const vendorWires: readonly VendorWire[] = [
  ...chatWires,
  anthropicWire,
  azureWire,
  geminiWire,
  bedrockWire,
  responsesWire,
];

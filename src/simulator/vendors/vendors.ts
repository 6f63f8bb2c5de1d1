import { anthropic } from "./anthropic.ts";
import { azureOpenai } from "./azure-openai.ts";
import { bedrock } from "./bedrock.ts";
import { custom } from "./custom.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";
import type { SimulatedName, Vendor } from "./vendor.ts";

/** Every vendor that can be simulated. */
export const vendors: Readonly<Record<SimulatedName, Vendor>> = {
  openai,
  anthropic,
  ollama,
  gemini,
  "azure-openai": azureOpenai,
  custom,
  bedrock,
};

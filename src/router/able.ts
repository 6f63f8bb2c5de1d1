import type { Capabilities } from "../core/capabilities.ts";
import type { LlmRequest, Provider } from "../providers/provider.ts";
import type { LlmEmbedding } from "../providers/request.ts";
import type { WireFormat } from "../providers/wire.ts";
import type { Candidate, Inability } from "./candidates.ts";
import { type Estimate, estimateTokens } from "./estimate.ts";
import type { Known } from "./known.ts";

/** What a request asks of a model besides an answer. */
export interface Needs {
  readonly images: boolean;
  readonly tools: boolean;
  /** Estimated tokens of its input. */
  readonly inputTokens: number;
  /** A vendor's format, and what in the request has no translation out of it. Absent: anybody may serve it. */
  readonly wire?: { readonly format: WireFormat; readonly untranslated: readonly string[] };
  /** Vectors of texts. Absent: it asks for none. */
  readonly embeddings?: true;
}

/** An estimate may be so much too high: four characters a token are reckoned, plain English has five. */
const caution = 1.25;

/** What a request needs. */
export function needsOf({ messages, tools = [], wire, embed }: LlmRequest, { inputTokens }: Estimate): Needs {
  // Each of the texts has to fit, not all of them together.
  if (embed) return { images: false, tools: false, inputTokens: longestOf(embed), embeddings: true };
  const images = messages.some((message) => message.role === "user" && (message.images ?? []).length > 0);
  const needs = { images, tools: tools.length > 0, inputTokens };
  if (!wire?.untranslated) return needs;
  return { ...needs, wire: { format: wire.format, untranslated: wire.untranslated } };
}

/** Tokens of the longest text. */
function longestOf({ values }: LlmEmbedding): number {
  return Math.max(0, ...values.map((text) => estimateTokens({ messages: [], system: text }).inputTokens));
}

/** Why a model cannot serve a request. Undefined: it can, or nobody knows that it cannot. */
export function inabilityOf(model: string, can: Capabilities, needs: Needs): Inability | undefined {
  if (needs.images && can.images === false) return { lack: "images", reason: `${model} takes no images` };
  if (needs.tools && can.tools === false) return { lack: "tools", reason: `${model} takes no tools` };
  if (can.contextWindow !== null && needs.inputTokens > can.contextWindow * caution) {
    const reason = `${model} holds ${can.contextWindow} tokens, the request has about ${needs.inputTokens}`;
    return { lack: "context", reason };
  }
  return undefined;
}

/** Why a provider cannot take a request that has no translation. Undefined: it can. */
function speechlessness({ name, speaks = [] }: Provider, { wire }: Needs): Inability | undefined {
  if (!wire || speaks.includes(wire.format)) return undefined;
  const reason = `${name} does not speak ${wire.format}, and there is no translation of ${wire.untranslated.join(", ")}`;
  return { lack: "wire", reason };
}

/** Why a candidate cannot make the vectors that are asked for. Undefined: it can, or none are. */
function vectorlessness({ name, embeds }: Provider, needs: Needs, servesAsked: boolean): Inability | undefined {
  if (!needs.embeddings || (embeds && servesAsked)) return undefined;
  const reason = embeds
    ? `${name} does not serve that model, and another's vectors cannot be compared with its`
    : `${name} makes no embeddings`;
  return { lack: "embeddings", reason };
}

/** The candidates, with those set aside that are known not to be able to serve the request. The very same list where all may be. */
export function setAsideUnable(candidates: readonly Candidate[], needs: Needs, known: Known): readonly Candidate[] {
  const least = leastOf(candidates, known);
  const isFine =
    !needs.wire &&
    !needs.embeddings &&
    (!needs.images || least.images) &&
    (!needs.tools || least.tools) &&
    needs.inputTokens <= least.contextWindow;
  if (isFine) return candidates;
  return candidates.map((candidate) => {
    if (candidate.excluded !== undefined) return candidate;
    const { provider, model, servesAsked } = candidate;
    const of = known.providers.get(provider);
    const inability =
      of &&
      (vectorlessness(of, needs, servesAsked) ??
        speechlessness(of, needs) ??
        inabilityOf(model, of.capabilities(model), needs));
    return inability ? { ...candidate, excluded: `unable: ${inability.reason}`, inability } : candidate;
  });
}

/** What each of the candidates can do. */
interface Least {
  readonly images: boolean;
  readonly tools: boolean;
  readonly contextWindow: number;
}

/** Most requests have the same candidates, and nearly all of those could serve them. */
const leasts = new WeakMap<readonly Candidate[], Least>();

function leastOf(candidates: readonly Candidate[], { providers }: Known): Least {
  const found = leasts.get(candidates);
  if (found) return found;
  const all = candidates.flatMap(({ provider, model }) => providers.get(provider)?.capabilities(model) ?? []);
  const least = {
    images: all.every(({ images }) => images !== false),
    tools: all.every(({ tools }) => tools !== false),
    contextWindow: Math.min(...all.map(({ contextWindow }) => contextWindow ?? Number.POSITIVE_INFINITY)),
  };
  leasts.set(candidates, least);
  return least;
}

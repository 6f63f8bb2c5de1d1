import { formatDuration } from "../../core/duration.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { ExplainedCandidate, LimitUse, RoutingOrigin } from "../../core/routing.ts";
import type { Paint } from "../output.ts";

/** A setting's value on one line, as `route set` takes it: `openai:50,anthropic:30`, `ollama/llama3.2:0.1`. */
export function valueWords(value: Json | undefined): string {
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((item) => valueWords(item)).join(",");
  if (!isJsonObject(value)) return String(value);
  const { provider, model, share } = value;
  if (typeof provider === "string") return `${provider}${model ? `/${valueWords(model)}` : ""}:${valueWords(share)}`;
  const members = Object.entries(value);
  return members.length === 0 ? "none" : members.map(([key, member]) => `${key}:${valueWords(member)}`).join(",");
}

/** Where a value comes from: `run time`, `PROVIDER_WEIGHTS`, `switchyard.yaml:12`, `default`; empty where the server does not know. */
export function originWords(origin: RoutingOrigin | null): string {
  if (origin === null) return "";
  switch (origin.from) {
    case "variable":
      return origin.variable;
    case "file":
      return origin.line === null ? origin.file : `${origin.file}:${origin.line}`;
    default:
      return origin.from;
  }
}

/** The state in its colour. */
export function stateWords(state: ExplainedCandidate["state"], paint: Paint): string {
  if (state === "closed") return paint.green(state);
  return state === "open" || state === "out" ? paint.red(state) : paint.yellow(state);
}

/** `320 ms`, or `-` where nobody has called. */
export function latencyWords(ms: number | null): string {
  return ms === null ? "-" : formatDuration(ms);
}

/** `35 %`. @param share 0 to 1 */
export function shareWords(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const limitNames: Readonly<Record<LimitUse["limit"], string>> = {
  requestsPerMinute: "requests/min",
  tokensPerMinute: "tokens/min",
  concurrency: "at a time",
  usdPerDay: "USD/day",
};

/** What is used of the limits: `3/10 at a time, key-1 12/60 requests/min`. @param provider left out of their names */
export function limitWords(limits: readonly LimitUse[], provider: string): string {
  return limits
    .map(({ name, limit, used, allowed }) => {
      const label = name === provider ? "" : `${name.slice(provider.length + 1)} `;
      return `${label}${Number(used.toPrecision(6))}/${allowed} ${limitNames[limit]}`;
    })
    .join(", ");
}

import type { Json, JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import type { LlmMessage, LlmRequest, LlmToolCall } from "../providers/request.ts";
import { noArguments } from "../workflow/kinds/agent-tool.ts";
import type { OfferedTool, OfferingBody } from "../workflow/kinds/offered-tools.ts";
import { mismatches } from "./validator.ts";

/** The part of a request that offers a step's tools. */
export function offering({ tools, tool_choice: choice }: OfferingBody): Pick<LlmRequest, "tools" | "toolChoice"> {
  if (!tools) return {};
  return {
    tools: tools.map(({ name, description, input = noArguments }) => ({
      name,
      inputSchema: input,
      ...(description === undefined ? {} : { description }),
    })),
    ...(choice === undefined
      ? {}
      : { toolChoice: choice === "auto" || choice === "required" || choice === "none" ? choice : { tool: choice } }),
  };
}

/** What a model asks for, or what is wrong with it. */
export type AskedTools =
  | { readonly ok: true; readonly tools: readonly JsonObject[] }
  /** `answers`: what the model is told of each of its calls. */
  | { readonly ok: false; readonly problems: readonly string[]; readonly answers: readonly LlmMessage[] };

/** Reads the tool calls of an answer; the defaults of their arguments are filled in. */
export function askedTools(
  calls: readonly LlmToolCall[],
  { tools = [], tool_choice: choice = "auto" }: OfferingBody,
): AskedTools {
  if (calls.length === 0 && choice !== "auto" && choice !== "none") {
    const content = choice === "required" ? "Ask for one of the tools." : `Ask for the tool ${choice}.`;
    return { ok: false, problems: ["It asks for no tool."], answers: [{ role: "user", content }] };
  }
  const read = calls.map((call) => ({ call, ...readCall(call, tools) }));
  const problems = read.flatMap((one) => one.problems);
  if (problems.length === 0)
    return { ok: true, tools: read.map(({ call, args }) => ({ tool: call.name, arguments: args })) };
  const answers = read.map(({ call: { id, name }, problems: own }): LlmMessage => {
    const content = own.length > 0 ? own.join(" ") : "Ask for it again, together with the corrected ones.";
    return { role: "tool", callId: id, name, content, failed: true };
  });
  return { ok: false, problems, answers };
}

function readCall(
  { name, arguments: text }: LlmToolCall,
  tools: readonly OfferedTool[],
): { readonly args: Json; readonly problems: readonly string[] } {
  const tool = tools.find((one) => one.name === name);
  if (!tool) {
    const names = tools.map((one) => one.name);
    return { args: null, problems: [`There is no tool ${name}.${didYouMean(name, names)}`] };
  }
  try {
    const args = JSON.parse(text.trim() === "" ? "{}" : text) as Json;
    const problems = mismatches(args, tool.input ?? noArguments, "The arguments");
    return { args, problems: problems.map((problem) => `${name}: ${problem}`) };
  } catch {
    return { args: null, problems: [`${name}: The arguments are not JSON.`] };
  }
}

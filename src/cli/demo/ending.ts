import { isJsonObject, type Json } from "../../core/json.ts";
import type { Run } from "../../core/run.ts";
import type { Output } from "../output.ts";

/** Prints what the run made, and where a newcomer goes from here. */
export function showOutput(run: Run, output: Output): void {
  const { paint } = output;
  if (isJsonObject(run.output)) {
    for (const [key, value] of Object.entries(run.output)) {
      output.print("", paint.bold(key), indent(asText(value ?? null)));
    }
  }
  output.print(
    "",
    paint.bold("Where to look next"),
    "  npm run demo -- --input FILE           the same over a log of yours",
    "  npm run demo -- --real                 with your own keys, or the Ollama on this machine",
    "  workflows/incident-report.yaml         the workflow that just ran",
    "  npx switchyard dev                     API, worker and Redis in one process; then, in another terminal:",
    "  npx switchyard run workflows/hello.yaml --input name=Ada --watch",
    "  npx switchyard simulate --port 9100    rehearse outages against your own workflows",
  );
}

function asText(value: Json): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((item) => `- ${asText(item)}`).join("\n");
  return JSON.stringify(value, null, 2);
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

import { catalogue, type ErrorCode } from "../../core/catalogue.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { Path } from "../../workflow/path.ts";
import { readShape } from "../../workflow/shape.ts";
import type { AttemptEnding, Script } from "./script.ts";
import type { TestContext } from "./test-context.ts";
import { resultShape, type WrittenAttempt } from "./test-shape.ts";

/** Reads what steps give, by step id, and reports what they cannot give. @param written what stands under `steps`; its type is checked elsewhere */
export function readScripts(written: Json | undefined, path: Path, context: TestContext): ReadonlyMap<string, Script> {
  if (!isJsonObject(written)) return new Map();
  const scripts = Object.entries(written).flatMap(([step, result]): [string, Script][] => {
    const script = readScript(step, result, [...path, step], context);
    return script ? [[step, script]] : [];
  });
  return new Map(scripts);
}

function readScript(step: string, written: Json | undefined, path: Path, context: TestContext): Script | undefined {
  const isKnown = context.knowsStep(step, path, "key");
  const result = readShape(resultShape, written, path, context.problems);
  if (!isKnown || !result) return undefined;
  const { attempts, ...whole } = result;
  if (!attempts) {
    const ending = readEnding(whole, step, path, context);
    return ending && { attempts: [ending], isForAll: true };
  }
  for (const key of Object.keys(whole)) {
    context.problems.addKey([...path, key], "stands beside attempts; it belongs into one of them.");
  }
  const endings = attempts.flatMap((attempt, index) => {
    return readEnding(attempt, step, [...path, "attempts", index], context) ?? [];
  });
  return { attempts: endings, isForAll: false };
}

function readEnding(
  { output, error, takes: takesMs = 0 }: WrittenAttempt,
  step: string,
  path: Path,
  context: TestContext,
): AttemptEnding | undefined {
  const { problems } = context;
  if ((output === undefined) === (error === undefined)) {
    problems.add(
      path,
      output === undefined ? "needs an output, or an error." : "has an output and an error; keep one of the two.",
    );
    return undefined;
  }
  if (output !== undefined) {
    const { value, mistakes } = context.fitted(step, output as Json);
    for (const { at, message } of mistakes) problems.add([...path, "output", ...at], message);
    return { type: "output", output: value, takesMs };
  }
  const { code = "step_failed", message, retryable: isRetryable = true, class: failureClass } = error ?? {};
  const said = message ?? catalogue[code as ErrorCode].summary;
  const ofClass = failureClass === undefined ? {} : { failureClass };
  return { type: "error", error: { code, message: said }, isRetryable, ...ofClass, takesMs };
}

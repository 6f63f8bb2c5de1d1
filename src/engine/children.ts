import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import type { Child, Children } from "../steps/handler.ts";
import type { LoadedWorkflow } from "./definitions.ts";
import type { Parent, SubmitRequest } from "./engine.ts";
import type { Execution } from "./run-store.ts";

/** What child runs are made with. */
export interface ChildrenParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly submit: (request: SubmitRequest, as: { readonly id: string; readonly parent: Parent }) => Promise<string>;
  readonly cancel: (runId: string, by: string, reason: string) => Promise<void>;
}

/** The child runs of one dispatch of a step. A child's id is made of the dispatch and the key, so that asking again after a crash finds the same run. */
export function childrenOf(parts: ChildrenParts, execution: Execution, { name, version }: LoadedWorkflow): Children {
  const { redis, keys } = parts;
  const { runId, actor, epoch } = execution;
  const parent: Parent = { run: runId, workflow: name, version, actor, epoch };
  return {
    async start({ key, ...request }) {
      const id = childId(execution, key);
      // Known to the parent before it exists: whoever ends the parent can end it.
      await redis
        .multi()
        .hset(keys.run(runId).children, id, `${actor}|${epoch}`)
        .hset(keys.run(runId).run, "hasChildren", "1")
        .exec();
      return parts.submit(request, { id, parent });
    },
    async look(ids) {
      const found = await Promise.all(ids.map((id) => redis.hmget(keys.run(id).run, "status", "output", "error")));
      return found.map(([status, output, error], i): Child => {
        const id = ids[i] ?? "";
        if (!status) throw new AppError("run_not_found", { message: `The child run ${id} is not there.` });
        return {
          id,
          status: status as RunStatus,
          output: output ? (JSON.parse(output) as Json) : null,
          error: error ? (JSON.parse(error) as ErrorRecord) : null,
        };
      });
    },
    async cancel(ids, reason) {
      for (const id of ids) await parts.cancel(id, `run ${runId}`, reason);
    },
  };
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

function childId({ runId, actor, epoch }: Execution, key: string): string {
  const hash = createHash("sha256").update([runId, actor, epoch, key].join("\n")).digest();
  return `run_${Array.from(hash.subarray(0, 20), (byte) => alphabet.charAt(byte % 32)).join("")}`;
}

import { loadSettings } from "../../src/config/load.ts";
import { addressRules } from "../../src/core/address-rules.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import type { EventBody } from "../../src/core/run.ts";
import { createProviders } from "../../src/providers/create.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRouter } from "../../src/router/create.ts";
import { agentHandler } from "../../src/steps/agent/agent.ts";
import { functionHandler } from "../../src/steps/function.ts";
import { guardedAgent } from "../../src/steps/guarded-agent.ts";
import type { StepHandler, StepOutcome, StepWork } from "../../src/steps/handler.ts";
import { httpHandler } from "../../src/steps/http.ts";
import { checkDefinition } from "../../src/workflow/check.ts";
import { compileWorkflow } from "../../src/workflow/compile.ts";
import type { TestRedis } from "../support/redis.ts";
import { workOf } from "./handler-suite.ts";

let fleets = 0;

/** How an agent is executed. */
export interface AgentOptions {
  /** Variables of the providers. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that steps may read. */
  readonly stepEnv?: Readonly<Record<string, string>>;
  readonly functions?: string;
  readonly mcpCommands?: readonly string[];
}

/** The handler as a worker has it, with providers of its own and a health of its own. Pauses between calls take no time. */
export function agentUnderTest(
  redis: TestRedis,
  { env, stepEnv = {}, functions, mcpCommands = [] }: AgentOptions,
): { readonly handler: StepHandler; close(): Promise<void> } {
  const settings = loadSettings({ env: { LLM_ROUTING_STRATEGY: "failover", ...env }, cwd: redis.directory });
  const providers = createProviders(settings);
  const clock = Date.now;
  const router = createRouter({
    settings,
    providers,
    redis: redis.redis,
    keys: keysOf(`agent${++fleets}`),
    clock,
    random: () => 0.5,
    sleep: async () => undefined,
    redisBoundMs: 10_000,
  });
  const dispatcher = guardedAgent({ rules: addressRules(["127.0.0.1"]) });
  const handler = agentHandler({
    router,
    http: httpHandler({ agent: dispatcher, env: stepEnv, maxOutputBytes: 1_000_000, clock }),
    function: functionHandler({ modules: { folder: functions ?? null, packages: [] }, env: stepEnv }),
    mcp: { dispatcher, commands: mcpCommands },
    env: stepEnv,
    clock,
  });
  return {
    handler,
    async close() {
      await router.close();
      await Promise.all([...providers.values()].map((provider) => provider.close()));
      await dispatcher.destroy();
    },
  };
}

/** What a worker hands the handler of an agent's body. */
export async function rendered(body: JsonObject, input: JsonObject = {}, env?: StepHandler["env"]): Promise<Json> {
  const definition = checkDefinition({ name: "test", steps: [{ id: "s1", agent: body }] });
  const step = compileWorkflow(definition).steps.get("s1");
  if (!step) throw new Error("there is no step s1");
  return step.render({ input, steps: {}, env });
}

/** One dispatch of a step: its memo and what was put aside outlive its executions, as Redis keeps them. */
export interface Dispatch {
  /** Executes it once more. An execution that ended changes the key, one that died does not. */
  execute(handler: StepHandler, more?: Partial<StepWork>): Promise<StepOutcome>;
  readonly notes: EventBody[];
  /** Told before and after each write; what it throws is the death of the execution: nothing that it does afterwards is written. */
  onWrite(hook: (when: "before" | "after") => void): void;
}

/** The execution's process died. */
export class Died extends Error {}

/** Begins one. */
export function dispatchOf(body: Json): Dispatch {
  let memo: Json = null;
  const aside = new Map<string, Json>();
  let executions = 0;
  let ended = 0;
  let hook: (when: "before" | "after") => void = () => undefined;
  const notes: EventBody[] = [];
  return {
    notes,
    onWrite(next) {
      hook = next;
    },
    async execute(handler, more = {}) {
      executions += 1;
      const own = executions;
      const write = async (change: () => void) => {
        if (own !== executions) throw new Died();
        hook("before");
        change();
        hook("after");
      };
      const outcome = await handler.execute(
        workOf(
          body,
          {
            idempotencyKey: `run_1-s1-1-${ended + 1}`,
            memo,
            save: (next) =>
              write(() => {
                memo = next;
              }),
            stow: (values) =>
              write(() => {
                for (const [name, value] of Object.entries(values)) aside.set(name, value);
              }),
            stowed: async (names) => names.map((name) => structuredClone(aside.get(name)) ?? null),
            ...more,
          },
          notes,
        ),
      );
      ended += 1;
      if (outcome.type === "parked") memo = outcome.memo;
      return outcome;
    },
  };
}

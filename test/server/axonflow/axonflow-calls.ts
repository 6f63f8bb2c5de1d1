import type { JsonObject } from "../../../src/core/json.ts";

/** What the server said to one of AxonFlow's clients. */
export interface Said {
  readonly status: number;
  readonly body: JsonObject;
}

/** The requests of AxonFlow's clients, with the headers that they send. */
export interface AxonFlowCalls {
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Said>;
  /** `proxyLLMCall` */
  chat(query: string, context?: JsonObject): Promise<Said>;
  /** `generatePlan` */
  makePlan(query: string, context?: JsonObject): Promise<Said>;
  /** `executePlan` */
  executePlan(planId: string, context?: JsonObject): Promise<Said>;
  /** `streamExecutionStatus`: its events to the end. @param onFirst told when the first has come */
  stream(
    id: string,
    onFirst?: () => Promise<void>,
  ): Promise<readonly { readonly event: string; readonly data: JsonObject }[]>;
}

const always = {
  authorization: `Basic ${Buffer.from("my-app:secret").toString("base64")}`,
  "x-tenant-id": "my-app",
  "x-client-id": "my-app",
  "x-axonflow-client": "typescript/7.0.0",
};

/** @param url of the server: all that an application changes */
export function axonFlowCalls(url: string): AxonFlowCalls {
  const send: AxonFlowCalls["send"] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...always, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as JsonObject };
  };
  const request = (type: string, query: string, context: JsonObject) =>
    send("POST", "/api/request", { query, user_token: "user-1", client_id: "my-app", request_type: type, context });
  return {
    send,
    chat: (query, context = {}) => request("chat", query, context),
    makePlan: (query, context = {}) => request("multi-agent-plan", query, context),
    executePlan: (id, context = {}) => request("execute-plan", "", { plan_id: id, ...context }),
    async stream(id, onFirst) {
      const answer = await fetch(`${url}/api/v1/unified/executions/${id}/stream`, {
        headers: { ...always, accept: "text/event-stream" },
      });
      let text = "";
      let waiting = onFirst;
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString();
        if (!waiting || !text.includes("data: ")) continue;
        await waiting();
        waiting = undefined;
      }
      const blocks = text.split("\n\n");
      return blocks.flatMap((block) => {
        const [, event] = /^event: (.*)$/m.exec(block) ?? [];
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        return event && data ? [{ event, data: JSON.parse(data) as JsonObject }] : [];
      });
    },
  };
}

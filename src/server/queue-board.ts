import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import type { Queue } from "bullmq";
import type { FastifyInstance } from "fastify";
import { isJsonObject } from "../core/json.ts";
import { mayDo } from "../core/principal.ts";

/** Where Bull Board is. */
const queueBoardPath = "/queues";

/** Adds Bull Board: every queue with its jobs, retries and logs. Who may only read is shown no buttons. @param server of the pages that a login opens */
export async function addQueueBoard(server: FastifyInstance, queues: readonly Queue[]): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(queueBoardPath);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Switchyard" } },
  });
  server.addHook("preSerialization", async ({ principal }, _reply, payload) =>
    mayDo(principal, "operate") ? payload : readOnly(payload),
  );
  await server.register(adapter.registerPlugin(), { prefix: queueBoardPath });
}

/** The board takes its buttons away from queues that say so. Its own option says so to everybody. */
function readOnly(payload: unknown): unknown {
  if (!isJsonObject(payload) || !Array.isArray(payload.queues)) return payload;
  const queues = payload.queues.map((queue) => ({ ...Object(queue), readOnlyMode: true, allowRetries: false }));
  return { ...payload, queues };
}

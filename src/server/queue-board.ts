import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import type { Queue } from "bullmq";
import type { FastifyInstance } from "fastify";

/** Where Bull Board is. */
const queueBoardPath = "/queues";

/** Adds Bull Board: every queue with its jobs, retries and logs. @param server of the pages that a login opens */
export async function addQueueBoard(server: FastifyInstance, queues: readonly Queue[]): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(queueBoardPath);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Switchyard" } },
  });
  await server.register(adapter.registerPlugin(), { prefix: queueBoardPath });
}

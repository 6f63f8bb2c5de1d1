import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { freePort } from "../../src/redis/embedded.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A peer that answers as it is told: what a network and a server can do to a client. */
async function peer(answer: Answer): Promise<SwitchyardClient> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return new SwitchyardClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
}

const message = (event: RunEvent) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const events: readonly RunEvent[] = [
  { seq: 1, at: 1, type: "run.created", workflow: "w", version: 1 },
  { seq: 2, at: 2, type: "run.started" },
  { seq: 3, at: 3, type: "run.succeeded" },
];

async function all(stream: AsyncIterable<RunEvent>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of stream) seen.push(seq);
  return seen;
}

const asStream = { "content-type": "text/event-stream" };
const asJson = { "content-type": "application/json" };

describe("events", () => {
  test("ends after the terminal event", async () => {
    const client = await peer((_request, response) =>
      response.writeHead(200, asStream).write(events.map(message).join("")),
    );
    expect(await all(client.events("run_1"))).toEqual([1, 2, 3]);
  });

  test("goes on behind the last event after a cut connection, and gives none twice", async () => {
    const asked: unknown[] = [];
    const client = await peer((request, response) => {
      asked.push(request.headers["last-event-id"]);
      response.writeHead(200, asStream);
      const text = events.map(message);
      if (asked.length === 1) response.write(text[0] + (text[1] ?? "").slice(0, 20), () => response.destroy());
      else response.write(text.join(""));
    });
    expect(await all(client.events("run_1"))).toEqual([1, 2, 3]);
    expect(asked).toEqual(["0", "1"]);
  });

  test("outlives a server that is away for a moment", async () => {
    let connections = 0;
    const client = await peer((_request, response) => {
      connections++;
      if (connections === 1) response.writeHead(200, asStream).end(message(events[0] as RunEvent));
      else if (connections === 2) response.destroy();
      else if (connections === 3) {
        response
          .writeHead(503, asJson)
          .end(JSON.stringify({ code: "redis_unavailable", detail: "Redis does not answer." }));
      } else response.writeHead(200, asStream).write(events.map(message).join(""));
    });
    expect(await all(client.events("run_1"))).toEqual([1, 2, 3]);
  });

  test("ends where the run was over before the number that was asked for", async () => {
    const client = await peer((request, response) => {
      if (request.headers.accept === "text/event-stream") response.writeHead(200, asStream).end();
      else if (request.url?.includes("/events")) response.writeHead(200, asJson).end('{"events":[]}');
      else response.writeHead(200, asJson).end('{"status":"succeeded"}');
    });
    expect(await all(client.events("run_1", { after: 3 }))).toEqual([]);
  });

  test("ends with cancelled when the signal fires", async () => {
    const client = await peer((_request, response) =>
      response.writeHead(200, asStream).write(message(events[0] as RunEvent)),
    );
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { seq } of client.events("run_1", { signal: stop.signal })) {
        seen.push(seq);
        stop.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toEqual([1]);
  });

  test("fails at once for a run that is not there", async () => {
    const client = await peer((_request, response) => {
      response.writeHead(404, asJson).end(JSON.stringify({ code: "run_not_found", detail: 'No run "run_1".' }));
    });
    await expect(all(client.events("run_1"))).rejects.toMatchObject({
      code: "run_not_found",
      message: 'No run "run_1".',
    });
  });
});

describe("errors", () => {
  test("name the address where nobody listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(new SwitchyardClient({ url }).list()).rejects.toMatchObject({
      code: "server_unreachable",
      message: `No Switchyard server answers at ${url} (ECONNREFUSED).`,
    });
    await expect(all(new SwitchyardClient({ url }).events("run_1"))).rejects.toMatchObject({
      code: "server_unreachable",
    });
  });

  test("carry the server's code, message, problems and facts", async () => {
    const problems = [{ path: "log", message: "is missing" }];
    const client = await peer((_request, response) => {
      response
        .writeHead(400, asJson)
        .end(JSON.stringify({ code: "invalid_input", detail: "No.", problems, details: { a: 1 } }));
    });
    const error = client.submit({ workflow: "w" });
    await expect(error).rejects.toMatchObject({ code: "invalid_input", message: "No.", problems, details: { a: 1 } });
  });

  test.each([200, 404])("say that something else answers there (%s with a page)", async (status) => {
    const client = await peer((_request, response) => response.writeHead(status).end("<html>router login</html>"));
    await expect(client.list()).rejects.toMatchObject({
      code: "server_unreachable",
      message: expect.stringContaining("not as a Switchyard server does: <html>router login</html>."),
    });
  });

  test("keep the words of a code that this client does not know", async () => {
    const client = await peer((_request, response) => {
      response.writeHead(402, asJson).end(JSON.stringify({ code: "of_tomorrow", detail: "The budget is spent." }));
    });
    await expect(client.list()).rejects.toMatchObject({
      code: "bad_request",
      message: "The budget is spent.",
      details: { code: "of_tomorrow", status: 402 },
    });
  });

  test("refuse an id that would lead to another address, and ask nobody", async () => {
    const asked: (string | undefined)[] = [];
    const client = await peer(({ url }, response) => {
      asked.push(url);
      response.writeHead(404, asJson).end("{}");
    });
    await expect(client.get("..")).rejects.toMatchObject({ code: "usage", message: expect.stringContaining('".."') });
    await expect(client.cancel(".")).rejects.toMatchObject({ code: "usage" });
    await expect(client.signal("run_1", "..")).rejects.toMatchObject({ code: "usage" });
    expect(asked).toEqual([]);
    await expect(client.get("../x")).rejects.toMatchObject({ code: expect.not.stringMatching("usage") });
    expect(asked).toEqual(["/v1/runs/..%2Fx"]);
  });

  test("refuse what is no URL of a server", () => {
    expect(() => new SwitchyardClient({ url: "ftp://x" })).toThrow(/not the URL of a server/);
  });
});

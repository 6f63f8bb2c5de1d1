import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventStreamParser, type StreamMessage } from "../../src/client/event-stream.ts";
import { isTerminalEvent, type RunEvent } from "../../src/core/run.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

async function submitted(topic: string): Promise<string> {
  return (await running.client.submit({ definition: twoSteps, input: { topic } })).id;
}

/** Reads a stream until the server closes it. */
async function stream(runId: string, headers: Record<string, string> = {}, query = ""): Promise<StreamMessage[]> {
  const answer = await fetch(`${running.url}/v1/runs/${runId}/events${query}`, {
    headers: { accept: "text/event-stream", ...headers },
  });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  return new EventStreamParser().push(await answer.text());
}

describe("GET /v1/runs/:id/events", () => {
  test("as a stream: every event from the first to the terminal one, as it happens, then the end", async () => {
    const id = await submitted("stream");
    const messages = await stream(id);
    const events = messages.map(({ data }) => JSON.parse(data) as RunEvent);
    expect(messages.map((message) => message.id)).toEqual(events.map((_, i) => String(i + 1)));
    expect(messages.map((message) => message.event)).toEqual(events.map(({ type }) => type));
    expect(events.at(-1)).toMatchObject({ type: "run.succeeded" });
    expect(events).toEqual(await running.client.history(id));
  });

  test("goes on behind Last-Event-ID, or behind ?after", async () => {
    const id = await submitted("resume");
    const { length } = await stream(id);
    const rest = Array.from({ length: length - 2 }, (_, i) => String(i + 3));
    expect((await stream(id, { "last-event-id": "2" })).map((message) => message.id)).toEqual(rest);
    expect((await stream(id, {}, "?after=2")).map((message) => message.id)).toEqual(rest);
  });

  test("ends at once for a reader who has the terminal event, or asks past the end", async () => {
    const id = await submitted("over");
    const { length } = await stream(id);
    expect(await stream(id, { "last-event-id": String(length) })).toEqual([]);
    expect(await stream(id, { "last-event-id": "9999" })).toEqual([]);
  });

  test("as JSON: the events above ?after, at most ?limit", async () => {
    const id = await submitted("list");
    await running.client.wait(id);
    const all = await running.client.history(id);
    const answer = await fetch(`${running.url}/v1/runs/${id}/events?after=1&limit=2`);
    expect(await answer.json()).toEqual({ events: all.slice(1, 3) });
  });

  test("refuses a Last-Event-ID that is no number", async () => {
    const answer = await fetch(`${running.url}/v1/runs/${await submitted("bad id")}/events`, {
      headers: { accept: "text/event-stream", "last-event-id": "x" },
    });
    expect(await answer.json()).toMatchObject({ code: "bad_request", problems: [{ path: "last-event-id" }] });
  });

  test("lets go of a run when its reader goes", async () => {
    await running.simulator.down("openai", { kind: "hold" });
    const id = await submitted("reader goes");
    const { hostname, port } = new URL(running.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /v1/runs/${id}/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
    await eventually(async () => expect(await channelsOf(id)).toHaveLength(1));
    socket.destroy();
    await eventually(async () => expect(await channelsOf(id)).toEqual([]));
    await running.simulator.up("openai");
    expect((await running.client.wait(id)).status).toBe("succeeded");
  });

  test("loses no event when no announcement arrives", async () => {
    await running.simulator.down("openai", { kind: "hold" });
    const id = await submitted("announcements");
    const reading = stream(id);
    await eventually(async () => expect(await channelsOf(id)).toHaveLength(1));
    // The same as a lost message: the reader is subscribed to nothing any more, and is not told.
    await running.redis.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await running.simulator.up("openai");
    const events = (await reading).map(({ data }) => JSON.parse(data) as RunEvent);
    expect(events.filter(isTerminalEvent)).toHaveLength(1);
    expect(events).toEqual(await running.client.history(id));
  });

  test("ends its streams when the server closes, so that closing does not wait for readers", async () => {
    const other = await startApp();
    await other.simulator.down("openai", { kind: "hold" });
    const { id } = await other.client.submit({ definition: twoSteps, input: { topic: "closing" } });
    const answer = await fetch(`${other.url}/v1/runs/${id}/events`, { headers: { accept: "text/event-stream" } });
    const reading = answer.text();
    await Promise.all([other.close(), other.simulator.up("openai")]);
    expect(await reading).toContain("event: run.created");
  });
});

async function channelsOf(runId: string): Promise<string[]> {
  const channels = (await running.redis.redis.call("PUBSUB", "CHANNELS", "*")) as string[];
  return channels.filter((channel) => channel.includes(runId));
}

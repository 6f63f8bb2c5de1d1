import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SpendUse } from "../../src/core/spend.ts";
import { type WireServer, wireServer } from "../../src/testing/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

const piece = "x".repeat(16_000);
/** More than what the system keeps for two connections on the way. */
const pieces = 2_000;

/** What a vendor has got rid of. */
interface Vendor {
  sent: number;
  hasEnded: boolean;
  isCut: boolean;
}

/** Sends a long answer as fast as it is taken. */
async function answer(response: ServerResponse, texts: { head: string; each: string; tail: string }, vendor: Vendor) {
  let goOn = () => {};
  response.on("drain", () => goOn());
  response.on("close", () => {
    vendor.isCut = !response.writableFinished;
    goOn();
  });
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(texts.head);
  for (let i = 0; i < pieces && !response.destroyed; i++) {
    if (!response.write(texts.each)) {
      await new Promise<void>((taken) => {
        goOn = taken;
      });
    }
    vendor.sent = i + 1;
  }
  response.end(texts.tail, () => {
    vendor.hasEnded = true;
  });
}

const chunk = (delta: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-5-mini", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const named = (data: { type: string; [more: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const ofOpenai = {
  head: chunk({ role: "assistant", content: "" }),
  each: chunk({ content: piece }),
  tail: `${chunk({}, "stop")}data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } })}\n\ndata: [DONE]\n\n`,
};
const ofAnthropic = {
  head:
    named({
      type: "message_start",
      message: {
        id: "m",
        type: "message",
        role: "assistant",
        model: "claude",
        content: [],
        stop_reason: null,
        usage: { input_tokens: 5, output_tokens: 1 },
      },
    }) + named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  each: named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } }),
  tail:
    named({ type: "content_block_stop", index: 0 }) +
    named({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 9 },
    }) +
    named({ type: "message_stop" }),
};

let server: WireServer;
let app: RunningApp;
let vendor: Vendor;
let folder: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await wireServer();
  folder = await mkdtemp(join(tmpdir(), "switchyard-slow-"));
  const file = join(folder, "switchyard.yaml");
  // Shorter than the readers' pauses: those are not the providers' fault.
  await writeFile(file, "providers: { openai: { idle_timeout: 500ms }, anthropic: { idle_timeout: 500ms } }");
  app = await startApp({ SWITCHYARD_CONFIG: file, OPENAI_ENDPOINT: server.url, ANTHROPIC_ENDPOINT: server.url });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await app.close();
  await server.close();
  await rm(folder, { recursive: true });
});

/** Asks for a stream over a bare connection, which reads only when it is told to. */
function ask(url: string, provider: string): Socket {
  vendor = { sent: 0, hasEnded: false, isCut: false };
  const current = vendor;
  server.respond(
    (response, { path }) => void answer(response, path.includes("messages") ? ofAnthropic : ofOpenai, current),
  );
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.pause();
  const body = JSON.stringify({ model: "auto", provider, stream: true, messages: [{ role: "user", content: "long" }] });
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

/** What a provider's calls have used. */
async function usedBy(provider: string): Promise<SpendUse | undefined> {
  const { groups } = await app.client.costs({ by: ["provider"] });
  return groups.find(({ of }) => of.provider === provider)?.use;
}

/** When the vendor has sent something and gets rid of no more. */
async function standstill(): Promise<number> {
  let before = 0;
  let since = Date.now();
  await eventually(() => {
    if (vendor.sent !== before) since = Date.now();
    before = vendor.sent;
    // Longer than the providers' idle_timeout.
    expect(before > 0 && Date.now() - since > 800).toBe(true);
  });
  return before;
}

describe.each([
  ["passed through", "openai"],
  ["translated", "anthropic"],
])("a stream that is %s", (_, provider) => {
  test("waits for a reader that reads nothing, and then goes on to its end", async () => {
    const socket = ask(app.url, provider);
    const sent = await standstill();
    // Some megabytes of the system's; not all of it.
    expect(sent).toBeLessThan(pieces * 0.75);
    expect(vendor).toMatchObject({ hasEnded: false, isCut: false });
    let letters = 0;
    let end = "";
    socket.on("data", (data) => {
      for (const byte of data) if (byte === 120) letters++;
      end = (end + data).slice(-2_000);
    });
    socket.resume();
    await new Promise((closed) => socket.once("close", closed));
    expect(letters).toBeGreaterThanOrEqual(pieces * piece.length);
    expect(end).toContain("data: [DONE]");
    expect(end).toContain(`"provider":"${provider}"`);
    expect(vendor.hasEnded).toBe(true);
  });
});

describe("a reader that takes nothing for longer than SWITCHYARD_READER_TIMEOUT", () => {
  test.each(["openai", "anthropic"])(
    "is cut; %s's call is ended and counted, and not held against it",
    async (provider) => {
      const other = await app.another({ SWITCHYARD_READER_TIMEOUT: "300ms" });
      const before = await usedBy(provider);
      ask(other.client.url, provider);
      await eventually(() => expect(vendor.isCut).toBe(true));
      expect(vendor.hasEnded).toBe(false);
      await eventually(async () => {
        const now = await usedBy(provider);
        expect(now?.calls).toBe((before?.calls ?? 0) + 1);
        expect(now?.outputTokens).toBeGreaterThan((before?.outputTokens ?? 0) + 1_000);
      });
      const target = (await app.client.providers()).find(({ provider: name }) => name === provider);
      expect(target).toMatchObject({ state: "closed" });
      await other.close();
    },
  );
});

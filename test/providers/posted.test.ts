import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Connection } from "../../src/providers/connection.ts";
import { eventually } from "../support/eventually.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A vendor and the connection to it. */
async function vendor(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(response, request));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = new Connection({ connectTimeoutMs: 5_000, ca: null, proxy: null });
  closers.push(
    async () => server.close(),
    () => connection.close(),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat?api-version=1`;
  const post = (signal = new AbortController().signal) =>
    connection.post(url, { body: "{}", headers: { "x-one": "1" }, signal });
  return { post };
}

describe("a posted request", () => {
  test("is answered whole, with status and headers, and by pieces that cut no character", async () => {
    const euro = Buffer.from("a €!");
    const { post } = await vendor((response, { url, headers }) => {
      response.writeEarlyHints({ link: "</a>; rel=preload" });
      response.writeHead(201, { "set-cookie": ["a=1", "b=2"], "x-seen": `${url} ${headers["x-one"]}` });
      response.write(euro.subarray(0, 3));
      setTimeout(() => response.end(euro.subarray(3)), 20);
    });
    const whole = await post();
    expect([whole.status, whole.headers["set-cookie"]]).toEqual([201, "a=1,b=2"]);
    expect(whole.headers["x-seen"]).toBe("/v1/chat?api-version=1 1");
    expect(await whole.text()).toBe("a €!");
    const pieces: string[] = [];
    for await (const piece of (await post()).pieces()) pieces.push(piece);
    expect(pieces.join("")).toBe("a €!");
    expect(pieces[0]).toBe("a ");
  });

  test("makes its vendor wait while nobody reads", async () => {
    const much = 64 * 1_024 * 1_024;
    const sent = { bytes: 0 };
    const { post } = await vendor((response) => {
      const piece = Buffer.alloc(65_536, "x");
      const write = () => {
        while (sent.bytes < much) {
          sent.bytes += piece.length;
          if (!response.write(piece)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    });
    const pieces = (await post()).pieces()[Symbol.asyncIterator]();
    let read = (await pieces.next()).value?.length ?? 0;
    let before = -1;
    await eventually(async () => {
      const now = sent.bytes;
      const hasStopped = now === before;
      before = now;
      await new Promise((next) => setTimeout(next, 50));
      expect(hasStopped).toBe(true);
    });
    expect(sent.bytes).toBeLessThan(much / 2);
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) read += next.value.length;
    expect(read).toBe(much);
  });

  test("ends with its signal: before it began, while it waits, in the middle of its answer", async () => {
    const gone: string[] = [];
    const { post } = await vendor((response) => {
      response.once("close", () => gone.push(response.headersSent ? "answering" : "waiting"));
      if (gone.length > 0) response.write("first");
    });
    const reason = new Error("the caller left");
    await expect(post(AbortSignal.abort(reason))).rejects.toBe(reason);
    const waiting = new AbortController();
    const unanswered = post(waiting.signal);
    setTimeout(() => waiting.abort(reason), 50);
    await expect(unanswered).rejects.toBe(reason);
    await eventually(() => expect(gone).toEqual(["waiting"]));
    const middle = new AbortController();
    const answer = await post(middle.signal);
    const text = answer.text();
    middle.abort(reason);
    await expect(text).rejects.toBe(reason);
    await eventually(() => expect(gone).toEqual(["waiting", "answering"]));
  });

  test("whoever stops reading ends it; an answer that breaks off is an error", async () => {
    const gone: string[] = [];
    const { post } = await vendor((response) => {
      response.once("close", () => gone.push("gone"));
      response.write("first");
      if (gone.length > 0) setTimeout(() => response.destroy(), 20);
    });
    for await (const piece of (await post()).pieces()) {
      expect(piece).toBe("first");
      break;
    }
    await eventually(() => expect(gone).toEqual(["gone"]));
    const broken = await post();
    await expect(broken.text()).rejects.toThrow();
  });

  test("waits for no other one: 300 of them are under way at once", async () => {
    const open: ServerResponse[] = [];
    const { post } = await vendor((response) => {
      open.push(response);
      if (open.length === 300) for (const one of open) one.end("here");
    });
    const answers = await Promise.all(Array.from({ length: 300 }, async () => (await post()).text()));
    expect(answers.every((text) => text === "here")).toBe(true);
  });
});

/*
 * What the page does that chromium.test.ts opens: a program that uses the client, from another origin than the server's. It tells what it has seen to whoever served the page.
 */
import { AppError, SwitchyardClient } from "../../src/client/client.ts";

/** Put there when the page is bundled. */
declare const page: { readonly url: string; readonly deafUrl: string; readonly apiKey: string };

async function tell(what: string, value: unknown): Promise<void> {
  await fetch("/told", { method: "POST", body: JSON.stringify({ what, value }) });
}

const client = new SwitchyardClient({ url: page.url, apiKey: page.apiKey });
const definition = {
  name: "from-a-page",
  steps: [
    { id: "pause", wait: { signal: "go" } },
    { id: "last", llm: { prompt: "Say something short." } },
  ],
};

async function followARun(): Promise<void> {
  const submission = { definition, idempotencyKey: "from-a-page-1" };
  const { id } = await client.submit(submission);
  await tell("submitted twice", (await client.submit(submission)).id === id);
  const seen: (number | string)[] = [];
  for await (const { seq, type } of client.events(id)) {
    seen.push(seq);
    if (type === "step.waiting") await tell("waiting", id);
    if (type.startsWith("run.")) seen.push(type);
  }
  await tell("followed", seen);
}

async function chat(): Promise<void> {
  const messages = [{ role: "user", content: "Say something short about ferries." }] as const;
  let text = "";
  for await (const piece of client.chatStream({ messages, hints: { provider: "anthropic" } })) {
    if (piece.type === "text") text += piece.text;
    if (piece.type === "end") {
      const { answer } = piece;
      await tell("chatted", { isWhole: answer.text === text && text !== "", served: answer.served.provider });
    }
  }
}

async function cancel(): Promise<void> {
  const { id } = await client.submit({ definition });
  await client.cancel(id, { author: "Zoë", reason: "closed the page" });
  await tell("cancelled", (await client.wait(id)).status);
}

async function beRefused(): Promise<void> {
  const codes = await Promise.all(
    [
      new SwitchyardClient({ url: page.deafUrl, apiKey: page.apiKey }).list(),
      client.get("run_that_is_not_there"),
      new SwitchyardClient({ url: page.url }).list(),
    ].map((asked) => asked.then(String, (error: unknown) => (error instanceof AppError ? error.code : String(error)))),
  );
  await tell("refused", codes);
}

try {
  await followARun();
  await chat();
  await cancel();
  await beRefused();
  await tell("done", null);
} catch (error) {
  await tell("failed", String(error));
}

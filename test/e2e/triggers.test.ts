import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SignatureRequest } from "../../src/core/trigger.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";

const secret = "correct horse battery staple";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ SWITCHYARD_BODY_LIMIT: "100KB" });
  await running.client.store(
    `name: opened
input: { type: object, required: [title], properties: { title: { type: string } } }
steps:
  - id: s
    wait: { for: 1ms }
output: "{{ input.title }}"
`,
  );
});
afterAll(() => running.close());

const hmac = (signed: string, key = secret) => createHmac("sha256", key).update(signed).digest("hex");
const title = { title: "{{ body.issue.title }}" };
const issue = (words: string) => JSON.stringify({ issue: { title: words } });
const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** What is answered: the first two, or the others. */
interface Answer {
  readonly run: string;
  readonly created: boolean;
  readonly code: string;
  readonly detail: string;
}

async function deliver(id: string, body: string, headers: Readonly<Record<string, string>>) {
  const answer = await fetch(`${running.url}/v1/hooks/${id}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, location: answer.headers.get("location"), answer: (await answer.json()) as Answer };
}

const github = (body: string, delivery: string, key = secret) => ({
  "x-hub-signature-256": `sha256=${hmac(body, key)}`,
  "x-github-delivery": delivery,
});
const stripe = (body: string, at: number, key = secret) => ({
  "stripe-signature": `t=${at},v1=${hmac(`${at}.${body}`, key)},v0=00ff`,
});

describe("deliveries signed as GitHub does", () => {
  beforeAll(() =>
    running.client.setTrigger("issues", {
      workflow: "opened",
      secret,
      input: title,
      idempotency: { header: "X-GitHub-Delivery" },
    }),
  );

  test("begin a run with the rendered input; the same delivery twice, and many at once, are one run", async () => {
    const body = issue("It burns");
    const first = await deliver("issues", body, github(body, "d-1"));
    expect(first).toMatchObject({ status: 202, answer: { created: true } });
    expect(first.location).toBe(`/v1/runs/${first.answer.run}`);
    const again = await Promise.all([1, 2, 3, 4, 5].map(() => deliver("issues", body, github(body, "d-1"))));
    for (const { status, answer } of again)
      expect({ status, answer }).toEqual({ status: 202, answer: { run: first.answer.run, created: false } });
    const other = await deliver("issues", body, github(body, "d-2"));
    expect(other.answer.run).not.toBe(first.answer.run);
    const run = await running.client.wait(first.answer.run);
    expect(run).toMatchObject({ status: "succeeded", output: "It burns" });
  });

  test("are the run that they began, even when the workflow has changed since", async () => {
    const store = (n: number) =>
      running.client.store(`name: changing\nsteps:\n  - id: s${n}\n    wait: { for: 1ms }\n`);
    await store(1);
    await running.client.setTrigger("changing", { workflow: "changing", secret });
    const body = JSON.stringify({ n: 1 });
    const first = await deliver("changing", body, github(body, ""));
    await store(2);
    expect((await deliver("changing", body, github(body, ""))).answer).toEqual({
      run: first.answer.run,
      created: false,
    });
    await running.client.removeTrigger("changing");
  });

  test.each([
    ["no signature", (): Record<string, string> => ({ "x-github-delivery": "no" }), "no header x-hub-signature-256"],
    ["another secret", (body: string) => github(body, "no", "another secret, and long"), "does not match"],
    ["another body's signature", () => github(issue("other"), "no"), "does not match"],
    ["no prefix", (body: string) => ({ "x-hub-signature-256": hmac(body) }), "expected form"],
    ["a digest cut short", (body: string) => ({ "x-hub-signature-256": `sha256=${hmac(body).slice(0, 62)}` }), "match"],
    ["no digest at all", () => ({ "x-hub-signature-256": "sha256=" }), "does not match"],
  ])("are refused with %s, and nothing begins", async (_name, headers, words) => {
    const before = (await running.client.list()).runs.length;
    const body = issue("refused");
    const { status, answer } = await deliver("issues", body, headers(body));
    expect({ status, code: answer.code }).toEqual({ status: 401, code: "signature_refused" });
    expect(answer.detail).toContain(words);
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect((await running.client.list()).runs).toHaveLength(before);
  });

  test("need the header that tells them apart, a body that is what its type says, and values for the input", async () => {
    const body = issue("x");
    const { "x-hub-signature-256": signature } = github(body, "");
    const nameless = await deliver("issues", body, { "x-hub-signature-256": signature });
    expect(nameless).toMatchObject({ status: 400, answer: { code: "bad_request" } });
    expect(nameless.answer.detail).toContain("X-GitHub-Delivery");
    const broken = await deliver("issues", "{", github("{", "b-1"));
    expect(broken).toMatchObject({ status: 400, answer: { code: "bad_request" } });
    const empty = await deliver("issues", "{}", github("{}", "b-2"));
    expect(empty).toMatchObject({ status: 422, answer: { code: "template_failed" } });
    expect(empty.answer.detail).toContain("body.issue.title");
    const poisoned = '{"__proto__":{"issue":{"title":"x"}}}';
    expect(await deliver("issues", poisoned, github(poisoned, "b-3"))).toMatchObject({ status: 400 });
    const number = '{"issue":{"title":7}}';
    expect(await deliver("issues", number, github(number, "b-4"))).toMatchObject({
      status: 400,
      answer: { code: "invalid_input" },
    });
  });
});

describe("deliveries signed as Stripe does", () => {
  beforeAll(() =>
    running.client.setTrigger("payments", {
      workflow: "opened",
      secret,
      input: title,
      signature: { style: "stripe", tolerance: "1m" },
      idempotency: { expression: "{{ body.id }}" },
    }),
  );

  test("begin a run within the tolerance; a repetition signed anew is the same run", async () => {
    const body = JSON.stringify({ id: "evt_1", issue: { title: "Paid" } });
    const first = await deliver("payments", body, stripe(body, nowSeconds() - 30));
    expect(first).toMatchObject({ status: 202, answer: { created: true } });
    const again = await deliver("payments", body, stripe(body, nowSeconds()));
    expect(again.answer).toEqual({ run: first.answer.run, created: false });
  });

  test("may carry several signatures while a secret is exchanged", async () => {
    const body = JSON.stringify({ id: "evt_2", issue: { title: "Paid" } });
    const at = nowSeconds();
    const both = `t=${at},v1=${hmac(`${at}.${body}`, "the former secret")},v1=${hmac(`${at}.${body}`)}`;
    expect((await deliver("payments", body, { "stripe-signature": both })).status).toBe(202);
  });

  test.each([
    ["sent too long ago", -90, "90 s ago|91 s ago"],
    ["sent in the future", 120, "in the future"],
  ])("are refused when %s", async (_name, offset, words) => {
    const body = JSON.stringify({ id: "evt_late", issue: { title: "Late" } });
    const { status, answer } = await deliver("payments", body, stripe(body, nowSeconds() + offset));
    expect({ status, code: answer.code }).toEqual({ status: 401, code: "signature_refused" });
    expect(answer.detail).toMatch(new RegExp(words));
  });

  test("are refused when their time was moved without signing it anew, or is no time", async () => {
    const body = JSON.stringify({ id: "evt_moved", issue: { title: "Moved" } });
    const old = nowSeconds() - 600;
    const moved = `t=${nowSeconds()},v1=${hmac(`${old}.${body}`)}`;
    expect((await deliver("payments", body, { "stripe-signature": moved })).answer.detail).toContain("does not match");
    const timeless = await deliver("payments", body, { "stripe-signature": `t=soon,v1=${hmac(`soon.${body}`)}` });
    expect(timeless).toMatchObject({ status: 401, answer: { code: "signature_refused" } });
    expect((await deliver("payments", body, { "stripe-signature": `v1=${hmac(body)}` })).status).toBe(401);
  });
});

test("a time in a header of its own is signed with the body, in whatever form the sender uses; a replay is the same run", async () => {
  const signature: SignatureRequest = {
    header: "X-Slack-Signature",
    prefix: "v0=",
    timestamp: "X-Slack-Request-Timestamp",
    signed: "v0:{timestamp}:{body}",
  };
  await running.client.setTrigger("slack", {
    workflow: "opened",
    secret,
    signature,
    input: { title: "{{ body.text }}" },
  });
  const body = new URLSearchParams({ text: "Grüße & mehr", user: "ada" }).toString();
  const send = (at: number) =>
    deliver("slack", body, {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-signature": `v0=${hmac(`v0:${at}:${body}`)}`,
      "x-slack-request-timestamp": `${at}`,
    });
  const at = nowSeconds();
  const first = await send(at);
  expect(first).toMatchObject({ status: 202, answer: { created: true } });
  expect((await send(at)).answer).toEqual({ run: first.answer.run, created: false });
  expect((await send(at - 1)).answer.created).toBe(true);
  expect((await send(at - 400)).status).toBe(401);
  expect((await running.client.wait(first.answer.run)).output).toBe("Grüße & mehr");
});

test("text comes as text, headers can be read, but neither the signature nor who sent it", async () => {
  const headers =
    '{{ headers["x-event"] }} {{ headers["x-hub-signature-256"] | default: "-" }}{{ headers.authorization | default: "-" }}';
  await running.client.setTrigger("text", { workflow: "opened", secret, input: { title: `{{ body }} ${headers}` } });
  const sent = await deliver("text", "hello", {
    ...github("hello", ""),
    "content-type": "text/plain; charset=utf-8",
    "x-event": "push",
    authorization: "Bearer not-for-runs",
  });
  expect(sent.status).toBe(202);
  expect((await running.client.wait(sent.answer.run)).output).toBe("hello push --");
});

test("a body above the limit, one of another type and an unknown trigger are refused", async () => {
  const large = issue("x".repeat(120_000));
  expect(await deliver("issues", large, github(large, "l"))).toMatchObject({
    status: 413,
    answer: { code: "payload_too_large" },
  });
  const xml = await deliver("issues", "<a/>", { ...github("<a/>", "x"), "content-type": "application/xml" });
  expect(xml).toMatchObject({ status: 415, answer: { code: "unsupported_media_type" } });
  const body = issue("x");
  const unknown = await deliver("isues", body, github(body, "u"));
  expect(unknown).toMatchObject({ status: 404, answer: { code: "trigger_not_found" } });
  expect(unknown.answer.detail).not.toContain("issues");
});

test("a delivery sends a signal to the run that it names, once", async () => {
  await running.client.store(
    `name: waits
steps:
  - id: first
    wait: { signal: go }
  - id: second
    wait: { signal: go }
output: "{{ steps.first.output.said }} {{ steps.second.output.said }}"
`,
  );
  const { id } = await running.client.submit({ workflow: "waits" });
  await running.client.setTrigger("go", {
    signal: { run: "{{ body.run }}", name: "go" },
    secret,
    input: { said: "{{ body.word }}" },
  });
  const send = (run: string, word: string) => {
    const body = JSON.stringify({ run, word });
    return deliver("go", body, github(body, ""));
  };
  expect(await send(id, "one")).toMatchObject({ status: 202, answer: { run: id, created: false } });
  expect((await send(id, "one")).status).toBe(202);
  await send(id, "two");
  expect((await running.client.wait(id)).output).toBe("one two");
  expect(await send("run_none", "one")).toMatchObject({ status: 404, answer: { code: "run_not_found" } });
});

describe("a trigger", () => {
  test("gets a secret that is shown once, keeps it when it is set anew, and is taken away", async () => {
    const first = await running.client.setTrigger("made", { workflow: "opened", input: title }, { author: "ada" });
    const made = first.generatedSecret ?? "";
    expect(made).toMatch(/^whsec_[\w-]{43}$/);
    expect(first).toMatchObject({ by: "ada", workflow: "opened", secret: `****${made.slice(-4)}` });
    const second = await running.client.setTrigger("made", { workflow: "opened", input: title });
    expect(second.generatedSecret).toBeUndefined();
    const shown = await Promise.all(
      ["/v1/triggers", "/v1/triggers/made"].map(async (path) => (await fetch(`${running.url}${path}`)).text()),
    );
    for (const text of shown) {
      expect(text).toContain('"made"');
      expect(text).not.toContain(made);
      expect(text).not.toContain(secret);
    }
    const body = issue("Made");
    expect(await deliver("made", body, github(body, "", made))).toMatchObject({
      status: 202,
      answer: { created: true },
    });
    await running.client.removeTrigger("made");
    expect((await deliver("made", body, github(body, "", made))).status).toBe(404);
    await expect(running.client.removeTrigger("made")).rejects.toMatchObject({ code: "trigger_not_found" });
  });

  test("is refused with everything that is wrong, and nothing of it is kept", async () => {
    const bad = running.client.setTrigger("bad", {
      workflow: "opened",
      signal: { run: "{{ bdy.run }}", name: "go" },
      input: { title: "{{ body.title | upcas }}", kind: '{{ headers["X-Event"] }}' },
      signature: { style: "stripe", timestamp: "x-time", signed: "{timestamp}", tolerance: "forever" },
      idempotency: { expression: "{{ delivery" },
    });
    await expect(bad).rejects.toMatchObject({ code: "bad_request" });
    const { problems } = (await bad.catch((error: unknown) => error)) as {
      problems: { path: string; message: string }[];
    };
    expect(problems.map(({ path }) => path)).toEqual([
      "workflow",
      "signature.tolerance",
      "signature.timestamp",
      "signature.signed",
      "input.title",
      "input.kind",
      "signal.run",
      "idempotency.expression",
    ]);
    const words = problems.map(({ message }) => message).join("\n");
    expect(words).toContain("Did you mean upcase?");
    expect(words).toContain("Did you mean body?");
    expect(words).toContain('headers["x-event"]');
    await expect(running.client.setTrigger("bad", { workflow: "opend" })).rejects.toMatchObject({
      code: "workflow_not_found",
    });
    await expect(running.client.setTrigger("bad", { workflow: "opened", secret: "short" })).rejects.toMatchObject({
      code: "bad_request",
    });
    expect((await running.client.triggers()).map(({ id }) => id)).not.toContain("bad");
  });
});

describe("a signal for nobody's run", () => {
  const paid = { payload: { title: "Order 4711" }, id: "order-4711" };
  beforeAll(async () => {
    await running.client.setTrigger("begins", { workflow: "opened", on: "order.paid" });
    await running.client.setTrigger("cannot", {
      workflow: "opened",
      on: "order.paid",
      input: { title: "{{ body.name }}" },
    });
    await running.client.setTrigger("other", { workflow: "opened", on: "order.lost" });
  });

  test("begins a run for each trigger on its name; one that cannot keeps no other one", async () => {
    const [begins, cannot, ...others] = await running.client.sendSignal("order.paid", paid);
    expect(others).toEqual([]);
    expect(begins).toMatchObject({ trigger: "begins", created: true });
    expect(cannot).toMatchObject({ trigger: "cannot", error: { code: "template_failed" } });
    const run = await running.client.wait(begins?.error ? "" : (begins?.run ?? ""));
    expect(run).toMatchObject({ status: "succeeded", output: "Order 4711" });
  });

  test("is taken once under one id, by however many hands; another id is another run", async () => {
    const same = await Promise.all(Array.from({ length: 10 }, () => running.client.sendSignal("order.paid", paid)));
    const runs = new Set(same.map(([one]) => (one?.error ? "" : one?.run)));
    expect(runs.size).toBe(1);
    const [another] = await running.client.sendSignal("order.paid", { ...paid, id: "order-4712" });
    expect(another).toMatchObject({ created: true });
    expect(runs).not.toContain(another?.error ? "" : another?.run);
  });

  test("without an id is always another one; under a name that no trigger has it begins nothing", async () => {
    const payload = { title: "Anew" };
    const [[one], [two]] = await Promise.all([
      running.client.sendSignal("order.paid", { payload }),
      running.client.sendSignal("order.paid", { payload }),
    ]);
    expect([one, two]).toMatchObject([{ created: true }, { created: true }]);
    expect(await running.client.sendSignal("order.found", { payload })).toEqual([]);
  });
});

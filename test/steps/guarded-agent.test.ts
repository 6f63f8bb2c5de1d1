import type { LookupFunction } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressRules, isAllowEntry } from "../../src/core/address-rules.ts";
import { guardedAgent } from "../../src/steps/guarded-agent.ts";
import { httpHandler } from "../../src/steps/http.ts";
import { workOf } from "./handler-suite.ts";
import { leadsTo, type RawServer, rawServer, says } from "./raw-server.ts";

let server: RawServer;
let sixth: RawServer;
beforeAll(async () => {
  [server, sixth] = await Promise.all([rawServer(), rawServer("::1")]);
});
afterAll(async () => {
  await server?.close();
  await sixth?.close();
});
beforeEach(() => {
  for (const one of [server, sixth]) {
    one.requests.length = 0;
    one.respond(says(200, { reached: true }));
  }
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** One request of an http step. @param names what they resolve to, one answer after the other; others by the system */
async function ask(
  url: string,
  allow: readonly string[] = [],
  names: Readonly<Record<string, readonly string[][]>> = {},
) {
  const asked = new Map<string, number>();
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const turn = asked.get(hostname) ?? 0;
    asked.set(hostname, turn + 1);
    const answers = names[hostname] ?? [];
    const addresses = answers[Math.min(turn, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  const agent = guardedAgent({ rules: addressRules(allow), ...(Object.keys(names).length > 0 ? { lookup } : {}) });
  closers.push(() => agent.destroy());
  const handler = httpHandler({ agent, env: {}, maxOutputBytes: 10_000, clock: Date.now });
  return handler.execute(workOf({ url }));
}

const refused = { type: "failed", retryable: false, error: { code: "http_refused" } };
const reached = { type: "succeeded", output: { body: { reached: true } } };

describe("without exceptions, a step does not reach", () => {
  test.each([
    ["loopback", "http://127.0.0.1"],
    ["all of loopback", "http://127.8.9.10"],
    ["loopback as one number", "http://2130706433"],
    ["loopback in octal", "http://0177.0.0.1"],
    ["loopback in hexadecimal", "http://0x7f.0x0.0x0.0x1"],
    ["loopback in short", "http://127.1"],
    ["loopback of IPv6", "http://[::1]"],
    ["this host", "http://0.0.0.0"],
    ["this host in short", "http://0"],
    ["this host of IPv6", "http://[::]"],
    ["loopback as IPv6", "http://[::ffff:127.0.0.1]"],
    ["loopback as IPv6 in hexadecimal", "http://[::ffff:7f00:1]"],
    ["loopback as IPv6 of old", "http://[::127.0.0.1]"],
    ["loopback behind NAT64", "http://[64:ff9b::7f00:1]"],
    ["loopback behind 6to4", "http://[2002:7f00:1::]"],
    ["10/8", "http://10.1.2.3"],
    ["172.16/12", "http://172.31.255.255"],
    ["192.168/16", "http://192.168.0.1"],
    ["the shared range of providers", "http://100.64.0.1"],
    ["link-local, where clouds keep their metadata", "http://169.254.169.254/latest/meta-data/"],
    ["metadata as IPv6", "http://[::ffff:169.254.169.254]"],
    ["metadata as one number", "http://2852039166"],
    ["link-local of IPv6", "http://[fe80::1]"],
    ["unique local of IPv6, AWS's metadata", "http://[fd00:ec2::254]"],
    ["Azure's platform", "http://168.63.129.16"],
    ["multicast", "http://224.0.0.1"],
    ["broadcast", "http://255.255.255.255"],
    ["benchmarks' range", "http://198.18.0.1"],
    ["localhost by name", "http://localhost"],
  ])("%s: %s", async (_what, url) => {
    const target = new URL(url);
    target.port = String(server.port);
    expect(await ask(target.href)).toMatchObject(refused);
    expect([...server.requests, ...sixth.requests]).toEqual([]);
  });

  test.each([
    ["a private address", ["10.0.0.7"]],
    ["loopback", ["127.0.0.1"]],
    ["metadata", ["169.254.169.254"]],
    ["IPv4 as IPv6", ["::ffff:127.0.0.1"]],
    ["several private ones", ["127.0.0.1", "::1"]],
    ["no address", []],
  ])("a name that leads to %s", async (_what, addresses) => {
    const outcome = await ask(`http://shop.example:${server.port}`, [], { "shop.example": [addresses] });
    expect(outcome).toMatchObject(refused);
    expect(server.requests).toEqual([]);
    expect(JSON.stringify(outcome)).not.toContain("10.0.0.7");
  });

  test("a name that has turned to another address since it was reached", async () => {
    server.respond(leadsTo(`http://rebind.example:${sixth.port}/secret`));
    const names = { "rebind.example": [["127.0.0.1"], ["::1"]] };
    expect(await ask(`http://rebind.example:${server.port}`, ["127.0.0.1"], names)).toMatchObject(refused);
    expect([server.requests.length, sixth.requests.length]).toEqual([1, 0]);
  });

  test("what a name turns to between the judgement and the connection: it is looked up once for both", async () => {
    const names = { "rebind.example": [["127.0.0.1"], ["10.0.0.7"]] };
    expect(await ask(`http://rebind.example:${server.port}`, ["127.0.0.1"], names)).toMatchObject(reached);
  });

  test("a private address behind a redirect of a server that it may reach", async () => {
    server.respond(leadsTo(`http://[::1]:${sixth.port}/secret`));
    expect(await ask(server.url, ["127.0.0.1"])).toMatchObject(refused);
    expect([server.requests.length, sixth.requests.length]).toEqual([1, 0]);
  });

  test("a private name behind a redirect of a server that it may reach", async () => {
    server.respond(leadsTo(`http://inside.example:${server.port}/secret`));
    const names = { "inside.example": [["10.0.0.7"]], "shop.example": [["127.0.0.1"]] };
    expect(await ask(`http://shop.example:${server.port}`, ["shop.example"], names)).toMatchObject(refused);
    expect(server.requests).toHaveLength(1);
  });
});

describe("an exception lets a step reach", () => {
  test.each([
    ["an address", ["127.0.0.1"]],
    ["a network", ["127.0.0.0/8"]],
    ["an address as IPv6", ["::ffff:127.0.0.1"]],
  ])("%s", async (_what, allow) => {
    expect(await ask(server.url, allow)).toMatchObject(reached);
  });

  test("an address of IPv6, and its network", async () => {
    expect(await ask(sixth.url, ["::1"])).toMatchObject(reached);
    expect(await ask(sixth.url, ["::/64"])).toMatchObject(reached);
  });

  test.each([
    ["the name", "db.internal", ["db.internal"]],
    ["the name in capitals", "DB.Internal", ["db.internal"]],
    ["all names below", "a.b.internal", ["*.internal"]],
  ])("%s %s with %j", async (_what, host, allow) => {
    const names = { [host.toLowerCase()]: [["127.0.0.1"]] };
    expect(await ask(`http://${host}:${server.port}`, allow, names)).toMatchObject(reached);
  });

  test.each([
    ["another name", "db.internal.evil.example", ["db.internal"]],
    ["a name that ends alike", "evildb.internal", ["db.internal"]],
    ["the name above", "internal", ["*.internal"]],
  ])("but not %s: %s with %j", async (_what, host, allow) => {
    const names = { [host]: [["127.0.0.1"]] };
    expect(await ask(`http://${host}:${server.port}`, allow, names)).toMatchObject(refused);
  });

  test("and of a name's addresses only those that are permitted", async () => {
    const names = { "both.example": [["10.255.255.1", "127.0.0.1"]] };
    expect(await ask(`http://both.example:${server.port}`, ["127.0.0.0/8"], names)).toMatchObject(reached);
  });
});

describe("public addresses", () => {
  test.each(["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:93.184.216.34"])(
    "%s is permitted",
    (address) => {
      expect(addressRules([]).permits("example.com", address)).toBe(true);
    },
  );

  test.each(["", "example.com", "1.2.3.4.5", "fe80::1%eth0"])("%j is none", (address) => {
    expect(addressRules([]).permits("example.com", address)).toBe(false);
  });
});

describe("isAllowEntry", () => {
  test.each([
    "127.0.0.1",
    "10.0.0.0/8",
    "::1",
    "fd00::/8",
    "localhost",
    "db.internal",
    "*.svc.cluster.local",
    "my_host",
  ])("takes %s", (entry) => expect(isAllowEntry(entry)).toBe(true));

  test.each(["", "10.0.0.0/33", "10.0.0", "http://db.internal", "db.internal:8080", "*", "a.*.b", "1.2.3.4/x", "::g"])(
    "refuses %j",
    (entry) => expect(isAllowEntry(entry)).toBe(false),
  );
});

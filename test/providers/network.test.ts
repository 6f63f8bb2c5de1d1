import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Provider } from "../../src/providers/provider.ts";
import { failureOf, hello, never, providerAt } from "../../src/testing/provider-under-test.ts";
import type { ProviderWire } from "../../src/testing/provider-wire.ts";
import { type TestCertificates, testCertificates } from "../support/certificates.ts";
import { type ConnectProxy, connectProxy } from "../support/connect-proxy.ts";
import { vendorWires } from "./vendor-wire.ts";

/** A plug-in: its fetch goes over the same connections as ours. */
const acme: ProviderWire = {
  name: "a plug-in",
  provider: "acme",
  model: "acme-large",
  keys: ["key-1"],
  path: "/generate",
  keyHeader: { name: "x-acme-key", value: (secret) => secret },
  configure: (endpoint, api_key) => ({
    entry: {
      type: "plugin",
      module: resolve("examples/provider-plugin/acme.mjs"),
      endpoint,
      api_key,
      model: "acme-large",
    },
  }),
  answer: (text) => ({ text, stop: "end" }),
  error: (code) => ({ error: { code } }),
  asked: () => ({ model: "", maxTokens: 0, temperature: 0 }),
};
const wires: readonly ProviderWire[] = [...vendorWires, acme];

let certificates: TestCertificates;
let server: Server;
let proxy: ConnectProxy;
let answering: ProviderWire = acme;
let hosts: (string | undefined)[] = [];
const port = () => (server.address() as AddressInfo).port;
beforeAll(async () => {
  certificates = testCertificates("DNS:vendor.example", "IP:127.0.0.1");
  server = createServer({ key: certificates.key, cert: certificates.cert }, (request, response) => {
    hosts.push(request.headers.host);
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answering.answer("Hello back.")));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  proxy = await connectProxy((to) => (to === "vendor.example:443" ? port() : undefined));
});
afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  certificates.remove();
});
beforeEach(() => {
  proxy.asked.length = 0;
  proxy.refuse(null);
  hosts = [];
});

/** Builds a wire's provider for this test alone; variables besides its own go in as `env`. */
async function within<T>(
  wire: ProviderWire,
  url: string,
  { env = {}, ...fields }: { readonly env?: Record<string, string>; readonly ca?: string; readonly proxy?: string },
  act: (provider: Provider) => Promise<T>,
): Promise<T> {
  answering = wire;
  const configure = (...args: Parameters<ProviderWire["configure"]>) => {
    const own = wire.configure(...args);
    return { ...own, env: { ...own.env, ...env } };
  };
  const provider = await providerAt({ ...wire, configure }, url, fields);
  try {
    return await act(provider);
  } finally {
    await provider.close();
  }
}

const ask = (wire: ProviderWire) => (provider: Provider) =>
  provider.call(hello, { model: wire.model, signal: never }).then(({ text }) => text);
const fail = (wire: ProviderWire) => (provider: Provider) => failureOf(ask(wire)(provider));

describe.each(wires)("over TLS, $name", (wire) => {
  test("refuses an endpoint whose authority it does not know", async () => {
    const failure = await within(wire, `https://127.0.0.1:${port()}`, {}, fail(wire));
    expect(failure).toMatchObject({
      class: "network",
      httpStatus: null,
      message: expect.stringMatching(/certificate is not trusted \([A-Z_]+\): name the file .* with `ca`/),
    });
    expect(hosts).toEqual([]);
  });

  test("trusts it with its certificate, named for the provider or for all", async () => {
    const url = `https://127.0.0.1:${port()}`;
    expect(await within(wire, url, { ca: certificates.ca }, ask(wire))).toBe("Hello back.");
    expect(await within(wire, url, { env: { SWITCHYARD_CA: certificates.ca } }, ask(wire))).toBe("Hello back.");
  });

  test("refuses a certificate for another name all the same", async () => {
    const failure = await within(wire, `https://localhost:${port()}`, { ca: certificates.ca }, fail(wire));
    expect([failure.class, failure.message]).toEqual(["network", expect.stringContaining("ALTNAME")]);
  });
});

describe.each(wires)("through a proxy, $name", (wire) => {
  test("reaches a host that only the proxy can find", async () => {
    const fields = { ca: certificates.ca, proxy: proxy.url.replace("//", "//user:pass%2Fword@") };
    const said = await within(wire, "https://vendor.example", fields, async (provider) => [
      await ask(wire)(provider),
      await ask(wire)(provider),
    ]);
    expect(said).toEqual(["Hello back.", "Hello back."]);
    const authorization = `Basic ${Buffer.from("user:pass/word").toString("base64")}`;
    expect([1, 2]).toContain(proxy.asked.length);
    for (const asked of proxy.asked) expect(asked).toEqual({ to: "vendor.example:443", authorization });
    expect(hosts).toEqual(["vendor.example", "vendor.example"]);
  });

  test("of the environment as well, unless NO_PROXY or the settings take it out", async () => {
    const env = { HTTPS_PROXY: proxy.url, SWITCHYARD_CA: certificates.ca };
    expect(await within(wire, "https://vendor.example", { env }, ask(wire))).toBe("Hello back.");
    expect(proxy.asked).toHaveLength(1);
    for (const [name, value] of [
      ["NO_PROXY", "example"],
      ["SWITCHYARD_PROXY", "off"],
    ] as const) {
      const failure = await within(wire, "https://vendor.example", { env: { ...env, [name]: value } }, fail(wire));
      expect(failure.class).toBe("network");
    }
    expect(await within(wire, `https://127.0.0.1:${port()}`, { env }, ask(wire))).toBe("Hello back.");
    expect(proxy.asked).toHaveLength(1);
  });

  test("that refuses is network, and says so without its password", async () => {
    proxy.refuse(407);
    const fields = { ca: certificates.ca, proxy: proxy.url.replace("//", "//user:proxy-password-1@") };
    const failure = await within(wire, "https://vendor.example", fields, fail(wire));
    expect(failure).toMatchObject({ class: "network", message: "The proxy refused the connection (HTTP 407)." });
  });
});

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Problems } from "./problems.ts";
import { notAllowed, readIfSet } from "./read.ts";
import { scalars } from "./scalar.ts";
import { proxyForm, proxyUrl } from "./scalar-forms.ts";
import type { Certificates, ProxySettings } from "./settings.ts";
import type { Environment, Found, Source } from "./source.ts";

/** How the providers' endpoints are reached. */
export interface Network {
  readonly ca: Certificates | null;
  readonly proxy: ProxySettings | null;
}

/** Addresses of this machine: no proxy leads there, unless a provider's own settings name one. */
const loopback = ["localhost", "127.0.0.1", "[::1]"];

/** What holds for every provider that does not say otherwise. @param cwd folder that a path in a variable starts from */
export function readNetwork(source: Source, cwd: string, problems: Problems): Network {
  const { ca } = scalars;
  const found = readIfSet(ca, source, problems) === undefined ? undefined : source.find(ca.variable, ca.path);
  return {
    ca: found ? readCertificates(found, found.path === ca.variable ? cwd : source.file.folder, problems) : null,
    proxy: readProxy(source, problems),
  };
}

/** What holds for one provider. */
export function networkOf(name: string, source: Source, all: Network, problems: Problems): Network {
  const ca = source.find(undefined, ["providers", name, "ca"]);
  const proxy = source.find(undefined, ["providers", name, "proxy"]);
  return {
    ca: ca ? readCertificates(ca, source.file.folder, problems) : all.ca,
    proxy: proxy ? ownProxy(proxy, problems) : all.proxy,
  };
}

function ownProxy(found: Found, problems: Problems): ProxySettings | null {
  const parsed = proxyUrl.safeParse(found.value);
  if (!parsed.success) problems.add(found, notAllowed(found, proxyForm, true));
  return parsed.success && parsed.data !== "off" ? { http: parsed.data, https: parsed.data, except: "" } : null;
}

function readProxy(source: Source, problems: Problems): ProxySettings | null {
  const { env } = source;
  const said = readIfSet(scalars.proxy, source, problems);
  const [, none = ""] = variableOf(env, "NO_PROXY") ?? [];
  if (said === "off" || none.trim() === "*") return null;
  const http = said ?? proxyIn(env, "HTTP_PROXY", problems);
  const https = said ?? proxyIn(env, "HTTPS_PROXY", problems);
  return http || https ? { http, https, except: [none, ...loopback].filter(Boolean).join(",") } : null;
}

/** A proxy that all programs of this environment use. `host:port` is taken as most of them do. */
function proxyIn(env: Environment, name: string, problems: Problems): string | null {
  const [variable, value] = variableOf(env, name) ?? [];
  if (variable === undefined || value === undefined) return null;
  const url = value.includes("://") ? value : `http://${value}`;
  if (url !== "off" && proxyUrl.safeParse(url).success) return url;
  const allowed = "http://[user:password@]host[:port] or https://...";
  problems.add({ path: variable }, `The value is not allowed; allowed: ${allowed}. SWITCHYARD_PROXY=off ignores it.`);
  return null;
}

/** Both spellings are in use; the small one wins, as with curl. */
function variableOf(env: Environment, name: string): readonly [name: string, value: string] | undefined {
  for (const spelling of [name.toLowerCase(), name]) {
    const value = env[spelling]?.trim();
    if (value) return [spelling, value];
  }
  return undefined;
}

function readCertificates(found: Found, folder: string, problems: Problems): Certificates | null {
  if (typeof found.value !== "string" || found.value === "") {
    problems.add(found, notAllowed(found, scalars.ca.allowed));
    return null;
  }
  const file = resolve(folder, found.value);
  try {
    const certificates = readFileSync(file, "utf8").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
    if (!certificates) problems.add(found, `${file} holds no certificate in PEM form.`);
    for (const certificate of certificates ?? []) new X509Certificate(certificate);
    return certificates && { file, pem: certificates.join("\n") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const isRead = !/^E[A-Z]+$/.test(code);
    problems.add(found, isRead ? `${file} holds a certificate that is broken.` : `${file} cannot be read (${code}).`);
    return null;
  }
}

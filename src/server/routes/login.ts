import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { parseKey } from "../../access/key.ts";
import { mostTries } from "../../access/login-tries.ts";
import { sessionMs } from "../../access/sessions.ts";
import { stranger } from "../../core/principal.ts";
import { defaultTenant } from "../../core/tenant.ts";
import { checked } from "../checked.ts";
import { sessionCookie } from "../credentials.ts";
import type { Route } from "../route.ts";

const formType = "application/x-www-form-urlencoded";
const querySchema = z.object({ next: z.string().max(2_000).optional() });

/** `GET /login`: a page that takes a key. */
export const loginPage: Route = {
  method: "GET",
  url: "/login",
  chapter: "access",
  scope: "none",
  summary: "A page that takes a key, for the pages of this server (/queues, /docs).",
  reads: { query: querySchema },
  answers: { 200: { text: "The page.", media: "text/html" } },
  handler: () => async (request, reply) => {
    const { next } = checked(querySchema, request.query, "query");
    return sendPage(reply, localPath(next), "");
  },
};

/** `POST /login`: a cookie for a key. The cookie is a random token, never the key. */
export const login: Route = {
  method: "POST",
  url: "/login",
  chapter: "access",
  scope: "none",
  changes: "answered",
  summary: "Log a browser in: the form of GET /login. Sets a cookie that lasts 12 hours.",
  takes: [formType],
  raw: true,
  answers: {
    303: { text: "Logged in: the page that was wanted.", media: "text/html" },
    401: { text: "No valid key: the page again, and why.", media: "text/html" },
    429: {
      text: `More than ${mostTries} logins of one address within a minute: the page, with Retry-After.`,
      media: "text/html",
    },
  },
  handler:
    ({ access }) =>
    async (request, reply) => {
      const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
      const next = localPath(form.get("next") ?? undefined);
      const key = (form.get("key") ?? "").trim();
      if (!(await access.gate.isClosed())) return reply.redirect(next, 303);
      const waitMs = await access.logins.count(request.ip);
      if (waitMs > 0) return sendTooMany(reply, next, waitMs);
      const admission = await access.gate.admit({ key });
      const id = parseKey(key)?.id;
      if (admission.type === "refused" || id === undefined) {
        // The id is no secret, and says whose key was tried.
        request.changedBy = { tenant: defaultTenant, by: stranger.name, keyId: id ?? null };
        return sendPage(reply.code(401), next, admission.type === "refused" ? reasons[admission.why] : reasons.wrong);
      }
      const { tenant, name } = admission.principal;
      request.changedBy = { tenant, by: name, keyId: id };
      reply.header("set-cookie", cookie(request, await access.sessions.begin(id), sessionMs));
      return reply.redirect(next, 303);
    },
};

/** Why nobody was logged in. What is no key of this server's says nothing about those that are. */
const reasons = {
  missing: "Enter a key.",
  wrong: "That is no key of this server.",
  expired: "That key has expired. Ask for another one.",
  revoked: "That key was revoked. Ask for another one.",
} as const;

/** `POST /logout`: ends a login. */
export const logout: Route = {
  method: "POST",
  url: "/logout",
  chapter: "access",
  scope: "none",
  // Nobody's logout changes nothing.
  changes: ({ principal }) => (principal.keyId === null ? "nothing" : "answered"),
  summary: "Log a browser out.",
  answers: { 303: { text: "Logged out: the page of the login.", media: "text/html" } },
  handler:
    ({ access }) =>
    async (request, reply) => {
      const token = parseCookie(request.headers.cookie ?? "")[sessionCookie];
      if (token) await access.sessions.end(token);
      access.gate.outdate();
      reply.header("set-cookie", cookie(request, "", 0));
      return reply.redirect("/login", 303);
    },
};

/** Only a path of this server: a link must not lead elsewhere through it. */
function localPath(next: string | undefined): string {
  const base = "http://here.invalid";
  if (next === undefined || !next.startsWith("/") || !URL.canParse(next, base)) return "/queues";
  const url = new URL(next, base);
  return url.origin === base ? `${url.pathname}${url.search}` : "/queues";
}

function cookie(request: FastifyRequest, value: string, maxAgeMs: number): string {
  return stringifySetCookie(sessionCookie, value, {
    httpOnly: true,
    sameSite: "strict",
    // Behind a proxy that speaks TLS the server itself sees plain HTTP.
    secure: request.protocol === "https" || request.headers["x-forwarded-proto"] === "https",
    path: "/",
    maxAge: Math.floor(maxAgeMs / 1_000),
  });
}

function sendTooMany(reply: FastifyReply, next: string, waitMs: number): FastifyReply {
  const seconds = Math.ceil(waitMs / 1_000);
  const message = `Too many logins were tried from your address. Try again in ${seconds} second${seconds === 1 ? "" : "s"}.`;
  return sendPage(reply.code(429).header("retry-after", seconds), next, message);
}

function sendPage(reply: FastifyReply, next: string, message: string): FastifyReply {
  return reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    .send(page(next, message));
}

function page(next: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Switchyard</title>
<style>body{font:16px system-ui;max-width:24rem;margin:15vh auto;padding:0 1rem}input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.5rem 0}p{color:#a00}</style>
<h1>Switchyard</h1>
<form method="post" action="/login">
<input type="hidden" name="next" value="${escaped(next)}">
<label>Key<input type="password" name="key" autocomplete="current-password" required autofocus placeholder="sy_..."></label>
<button>Log in</button>
</form>
<p role="alert">${escaped(message)}</p>
</html>
`;
}

function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}

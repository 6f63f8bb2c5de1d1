import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Admission, Gate } from "../access/gate.ts";
import { isTenant, tenantForm } from "../core/access-key.ts";
import { AppError } from "../core/errors.ts";
import { mayDo, type Principal, type Scope, stranger } from "../core/principal.ts";
import { defaultTenant } from "../core/tenant.ts";
import { credentialsOf } from "./credentials.ts";
import { isFromElsewhere } from "./origins.ts";
import { problemDocument, problemMediaType } from "./problem.ts";
import { addPageHeaders } from "./security-headers.ts";

/** Who may use a route. */
export interface RouteAccess {
  /** What a key needs. `none`: it is answered to anybody. */
  readonly scope: Scope | "none";
  /** It concerns all tenants: only the default tenant's keys may use it. */
  readonly fleet?: boolean | undefined;
  /** It is a page: a browser that is not logged in is sent to the login. */
  readonly page?: boolean | undefined;
  /** What its use is to the audit log. Default: `something`; a GET changes nothing. */
  readonly changes?: Changes | ((request: FastifyRequest) => Changes) | undefined;
}

/**
 * What the use of a route changes, and so when it is written into the audit log. `something`: it is written before it is done, and again when it is answered. `if_accepted`: anybody
 * may ask, so it is written when it is answered, unless it was refused. `answered`: it is written when it is answered, also if it was refused.
 */
export type Changes = "nothing" | "something" | "if_accepted" | "answered";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Absent: nobody but an admin of the default tenant may use the route. */
    access?: RouteAccess;
  }
}

/** What a route says that says nothing. */
const closed: RouteAccess = { scope: "admin", fleet: true };

/** Who may use the route of a request. */
export function accessOf(request: FastifyRequest): RouteAccess {
  if (request.is404) return { scope: "none" };
  return request.routeOptions.config.access ?? closed;
}

/** Puts `request.principal` on each request, and refuses those that may not use their route, before anything of them is read. @param parts origins: whose pages may change something */
export function admitRequests(
  server: FastifyInstance,
  { gate, origins }: { readonly gate: Pick<Gate, "admit">; readonly origins: readonly string[] },
): void {
  server.decorateRequest("principal");
  server.addHook("onRequest", async (request, reply) => {
    request.principal = stranger;
    const access = accessOf(request);
    const admission = await admissionOf(request, access, gate);
    // What a browser sends by itself is no key in a header.
    if (request.headers.authorization === undefined && request.headers["x-api-key"] === undefined) {
      refuseOtherSites(request, origins);
    }
    if (admission.type === "known") {
      request.principal = access.scope === "none" ? admission.principal : forTenant(admission.principal, request);
    }
    if (access.scope === "none") return;
    if (admission.type === "refused") return refuse(admission, access, request, reply);
    const refusal = refusalOf(request.principal, admission.principal, access, request);
    if (refusal) return refuseWith(refusal, access, reply);
  });
}

/** Who may look at pages, and who may change something there. */
export interface PagesAccess {
  readonly look: RouteAccess;
  /** Absent: who may look. */
  readonly change?: RouteAccess;
}

/** Registers what brings its own routes, with this access to all of them. */
export async function addPages(
  server: FastifyInstance,
  { look, change = look }: PagesAccess,
  add: (pages: FastifyInstance) => Promise<void>,
): Promise<void> {
  await server.register(async (pages) => {
    addPageHeaders(pages);
    pages.addHook("onRoute", (route) => {
      const isLook = [route.method].flat().every((method) => ["GET", "HEAD"].includes(method));
      route.config = { ...route.config, access: isLook ? look : change };
    });
    await add(pages);
  });
}

/** Who asks; where anybody is answered, who cannot be known now is a stranger. */
async function admissionOf(
  request: FastifyRequest,
  { scope }: RouteAccess,
  gate: Pick<Gate, "admit">,
): Promise<Admission> {
  try {
    const shown = credentialsOf(request.headers);
    // A login counts on this server's own pages.
    return await gate.admit(shown && "session" in shown && isFromElsewhere(request) ? undefined : shown);
  } catch (error) {
    if (scope === "none") return { type: "refused", why: "missing" };
    throw error;
  }
}

/** `?tenant=NAME`: an admin of the default tenant asks as that tenant. The parameter goes no further. */
function forTenant(principal: Principal, request: FastifyRequest): Principal {
  const { tenant, ...query } = request.query as Record<string, unknown>;
  if (tenant === undefined) return principal;
  request.query = query;
  if (typeof tenant !== "string" || !isTenant(tenant)) {
    const message = `tenant must be the name of a tenant: ${tenantForm}.`;
    throw new AppError("bad_request", { message, problems: [{ path: "tenant", message }] });
  }
  if (tenant === principal.tenant) return principal;
  if (isFleetAdmin(principal)) return { ...principal, tenant };
  throw new AppError("forbidden", {
    message: `${said(principal)}; asking as the tenant ${tenant} needs admin of the default tenant.`,
    details: { needs: "admin", tenant: defaultTenant, has: [...principal.scopes] },
  });
}

/** Whether somebody sees all tenants. */
export function isFleetAdmin({ tenant, scopes: held }: Principal): boolean {
  return tenant === defaultTenant && held.includes("admin");
}

/** Why somebody may not use a route; undefined: they may. @param asking who asks, as the tenant that is asked for @param own who asks. Pure but for its reading the request's address */
function refusalOf(
  asking: Principal,
  own: Principal,
  access: RouteAccess,
  request: FastifyRequest,
): AppError | undefined {
  const { scope, fleet = false } = access;
  const isElsewhere = fleet && asking.tenant !== defaultTenant;
  if (scope === "none" || (mayDo(asking, scope) && !isElsewhere)) return undefined;
  const needs = `${scope}${fleet ? " of the default tenant: it concerns all tenants" : ""}`;
  return new AppError("forbidden", {
    message: `${said(own)}; ${request.method} ${pathOf(request)} needs ${needs}.`,
    details: { needs: scope, ...(fleet ? { tenant: defaultTenant } : {}), has: [...own.scopes] },
  });
}

function said({ name, tenant, scopes: held }: Principal): string {
  return `The key "${name}" of tenant ${tenant} has ${held.join(", ")}`;
}

const reasons = {
  missing: "This server asks for a key, and the request has none.",
  wrong: "The key of the request is none of this server's.",
  expired: "The key or login of the request has expired.",
  revoked: "The key of the request was revoked.",
} as const;

function refuse(
  { why }: Admission & { readonly type: "refused" },
  { page = false }: RouteAccess,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const wantsPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  if (page && wantsPage) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`);
  reply.header("www-authenticate", 'Bearer realm="switchyard"');
  return refuseWith(new AppError("unauthenticated", { message: reasons[why] }), { page }, reply);
}

/** Pages have handlers of their own for what is thrown. */
function refuseWith(error: AppError, { page }: Pick<RouteAccess, "page">, reply: FastifyReply): FastifyReply {
  if (!page) throw error;
  return reply.code(error.status).type(problemMediaType).send(problemDocument(error));
}

/** A browser sends a POST without a body to any address without asking first, with its cookies, and says which page it comes from. */
function refuseOtherSites(request: FastifyRequest, origins: readonly string[]): void {
  const { origin = "" } = request.headers;
  if (["GET", "HEAD", "OPTIONS"].includes(request.method)) return;
  if (!isFromElsewhere(request) || origins.includes(origin)) return;
  const others = origins.length === 0 ? "" : ` and those of ${origins.join(", ")}`;
  throw new AppError("bad_request", {
    message: `The request comes from a page of ${origin.slice(0, 100) || "another site"}; only this server's own pages${others} may change something here. SWITCHYARD_ORIGINS lets others in.`,
  });
}

/** A request's address without its query. */
export function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] ?? "/";
}

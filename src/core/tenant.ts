import { everyone } from "./principal.ts";

/** The tenant of everybody who has no other. */
export const defaultTenant = everyone.tenant;

/**
 * The name under which a tenant's workflow is stored: the default tenant's bear their own names, another tenant's `TENANT/NAME`. So a workflow's full name
 * tells whose its runs are. Neither a tenant nor a workflow has a slash in its name; what has one names nothing that is stored, whoever asks for it.
 */
export function fullName(tenant: string, name: string): string {
  return tenant === defaultTenant && !name.includes("/") ? name : `${tenant}/${name}`;
}

/** As {@link fullName}, for idempotency keys: no header holds a line's end, so none of a tenant's keys is another one's. */
export function fullKey(tenant: string, key: string): string {
  return tenant === defaultTenant ? key : `${tenant}\n${key}`;
}

/** An idempotency key as its tenant knows it. */
export function ownKey(key: string): string {
  return key.slice(key.lastIndexOf("\n") + 1);
}

/** Whose workflow it is, by its full name. */
export function tenantOf(workflow: string): string {
  const slash = workflow.indexOf("/");
  return slash < 0 ? defaultTenant : workflow.slice(0, slash);
}

/** A workflow's own name, by its full name. */
export function ownName(workflow: string): string {
  return workflow.slice(workflow.indexOf("/") + 1);
}

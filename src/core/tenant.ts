import { everyone } from "./principal.ts";

/** The tenant of everybody who has no other. */
export const defaultTenant = everyone.tenant;

/**
 * The name under which a tenant's workflow is stored: the default tenant's bear their own names, another tenant's `TENANT/NAME`. So a workflow's full name
 * tells whose its runs are. Neither a tenant nor a workflow has a slash in its name.
 */
export function fullName(tenant: string, name: string): string {
  return tenant === defaultTenant ? name : `${tenant}/${name}`;
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

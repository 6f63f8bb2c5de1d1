import type { BudgetRequest, budgetScopes } from "../core/budget.ts";
import { AppError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { defaultTenant, fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { ServerContext } from "./route.ts";

/** Names of a tenant's workflows that are looked at to guess which one was meant. */
const guessed = 200;

/** Which of these a budget names, and with what. */
type Names = Partial<Pick<BudgetRequest, (typeof budgetScopes)[number] | "model">>;

/**
 * What a budget names that nobody has heard of, as sentences for people: it counts from the moment that there is one. Providers need no look: a wrong one is refused with
 * the budget.
 */
export async function unknownNames(
  { tenant, workflow, model }: Names,
  context: Pick<ServerContext, "access" | "engine" | "router">,
): Promise<readonly string[]> {
  const said = await Promise.all([
    isNamed(tenant) ? tenantWarning(tenant, context) : undefined,
    isNamed(workflow) ? workflowWarning(workflow, context) : undefined,
    isNamed(model) ? modelWarning(model, context) : undefined,
  ]);
  return said.filter((warning) => warning !== undefined);
}

function isNamed(name: string | undefined): name is string {
  return name !== undefined && name !== "*";
}

async function tenantWarning(name: string, { access, router }: Pick<ServerContext, "access" | "router">) {
  const today = new Date().toISOString().slice(0, 10);
  const [keys, spent] = await Promise.all([access.store.list(), router.spend(`${today.slice(0, 8)}01`, today)]);
  const known = new Set([defaultTenant, ...[...keys, ...spent].map(({ tenant }) => tenant)]);
  if (known.has(name)) return undefined;
  return `No key belongs to a tenant ${name}, and it has spent nothing this month: the budget counts once there is one.${didYouMean(name, known)}`;
}

async function workflowWarning(name: string, { engine }: Pick<ServerContext, "engine">) {
  const tenant = tenantOf(name);
  const full = fullName(tenant, ownName(name));
  try {
    await engine.versions(full);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError && error.code === "workflow_not_found")) throw error;
    const { workflows } = await engine.workflows({ tenant, limit: guessed });
    const known = workflows.map((one) => fullName(tenant, one.name));
    return `No workflow is called ${name} yet: the budget counts once there is one.${didYouMean(name, known)}`;
  }
}

async function modelWarning(name: string, { router }: Pick<ServerContext, "router">) {
  const known = (await router.models()).map(({ id }) => id);
  if (known.includes(name)) return undefined;
  return `No provider is configured with a model or alias ${name}: once the budget is spent, requests ask for it all the same.${didYouMean(name, known)}`;
}

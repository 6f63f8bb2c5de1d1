import {
  type BudgetAction,
  type BudgetPeriod,
  type BudgetRequest,
  type BudgetScope,
  budgetActions,
  budgetPeriods,
  budgetScopes,
} from "../core/budget.ts";
import { isJsonObject } from "../core/json.ts";
import { unknownKey } from "./known-names.ts";
import { type NamesReader, numberOf } from "./pairs.ts";
import { notAllowed } from "./read.ts";
import { below, type Found } from "./source.ts";

const fields = [...budgetScopes, "usd", "period", "action", "warn_at", "model"];
const form = `usd, and perhaps one of ${budgetScopes.join(", ")}, and period, action, warn_at, model below it`;

/** What an id of a budget looks like. */
export const budgetId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Reads `budgets:`, by id. */
export function readBudgets(reader: NamesReader, found: Found, path: readonly string[]): Record<string, BudgetRequest> {
  const { source, problems } = reader;
  if (!isJsonObject(found.value)) {
    problems.add(found, `"${found.shown}" is not allowed; allowed: budgets by id, each with ${form}.`);
    return {};
  }
  const entries = Object.entries(found.value).flatMap(([id, value]): [string, BudgetRequest][] => {
    const at = below(source, found, [...path, id], value);
    if (!budgetId.test(id)) problems.add(at, "A budget's id has letters, digits, . _ and - only, at most 100.");
    const budget = readBudget(reader, at, [...path, id]);
    return budget ? [[id, budget]] : [];
  });
  return Object.fromEntries(entries);
}

function readBudget(reader: NamesReader, found: Found, path: readonly string[]): BudgetRequest | undefined {
  const { source, problems } = reader;
  const { value } = found;
  if (!isJsonObject(value)) {
    problems.add(found, `"${found.shown}" is not allowed; allowed: ${form}.`);
    return undefined;
  }
  const member = (key: string) => below(source, found, [...path, key], value[key]);
  for (const key of Object.keys(value)) if (!fields.includes(key)) problems.add(member(key), unknownKey(key, fields));
  const read = <T>(key: string, of: (value: unknown) => T | undefined, allowed: string): T | undefined => {
    if (value[key] === undefined || value[key] === null) return undefined;
    const known = of(value[key]);
    if (known === undefined) problems.add(member(key), notAllowed(member(key), allowed));
    return known;
  };
  const given = budgetScopes.filter((scope) => value[scope] !== undefined && value[scope] !== null);
  if (given.length > 1) problems.add(found, `A budget is for one of ${given.join(", ")}; make two of it.`);
  const scopes = given.flatMap((scope): [BudgetScope, string][] => {
    const name = read(scope, textOf, `the name of a ${scope}, or * for each`);
    if (name !== undefined && scope === "provider" && name !== "*") reader.checkName(member(scope), name);
    return name === undefined ? [] : [[scope, name]];
  });
  if (value.usd === undefined || value.usd === null) problems.add(found, `usd is missing; allowed: ${form}.`);
  const usd = read("usd", above0, "a number of USD, more than 0");
  const said = {
    period: read("period", oneOf<BudgetPeriod>(budgetPeriods), budgetPeriods.join(" or ")),
    action: read("action", oneOf<BudgetAction>(budgetActions), budgetActions.join(", ")),
    warn_at: read("warn_at", share, "a number above 0 and up to 1"),
    model: read("model", textOf, "a model's name or an alias"),
  };
  if (said.model !== undefined && (said.action !== "downgrade" || scopes.some(([of]) => of === "provider")))
    problems.add(member("model"), "A model goes with action: downgrade, of a budget that is not a provider's.");
  if (usd === undefined) return undefined;
  const rest = Object.fromEntries(Object.entries(said).filter(([, one]) => one !== undefined));
  return { ...Object.fromEntries(scopes), usd, ...rest };
}

const textOf = (value: unknown) =>
  typeof value === "string" && value.trim() !== "" && value.length <= 200 ? value : undefined;

function above0(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number > 0 ? number : undefined;
}

function share(value: unknown): number | undefined {
  const number = above0(value);
  return number !== undefined && number <= 1 ? number : undefined;
}

function oneOf<T extends string>(allowed: readonly T[]): (value: unknown) => T | undefined {
  return (value) => allowed.find((one) => one === value);
}

import { AppError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";

/** A route as far as its address goes. */
export interface Address {
  readonly method: string;
  /** Path with `:name` parameters. */
  readonly url: string;
}

/**
 * The error for an address that no route answers: names the methods that the path does take, or the route that was probably meant.
 * @param path without the query.
 */
export function routeNotFound(method: string, path: string, routes: readonly Address[]): AppError {
  const allow = routes.filter(({ url }) => filledIn(url, path) === path).map((route) => route.method);
  if (allow.length > 0) {
    const message = `${path} does not take ${method}; it takes ${allow.join(", ")}.`;
    return new AppError("not_found", { message, details: { allow } });
  }
  const known = routes.map(({ url }) => filledIn(url, path) ?? url);
  return new AppError("not_found", { message: `Nothing answers ${method} ${path}.${didYouMean(path, known)}` });
}

/** The route's path with its parameters taken from the asked path; undefined where the two differ in length. */
function filledIn(url: string, path: string): string | undefined {
  const asked = path.split("/");
  const segments = url.split("/");
  if (asked.length !== segments.length) return undefined;
  return segments.map((segment, i) => (segment.startsWith(":") && asked[i] ? asked[i] : segment)).join("/");
}

import type { Route } from "../../src/server/route.ts";
import { routes } from "../../src/server/routes.ts";
import { problemDocumentSchema } from "../../src/server/schemas/errors.ts";

/** An answer, as far as it is declared. */
export interface Told {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

/** The route that answers an address. */
export function routeOf(method: string, path: string): Route | undefined {
  const asked = path.split("?", 1)[0]?.split("/") ?? [];
  const fits = ({ url }: Route, strict: boolean) => {
    const segments = url.split("/");
    return (
      segments.length === asked.length &&
      segments.every((segment, i) => segment === asked[i] || (!strict && segment.startsWith(":") && asked[i] !== ""))
    );
  };
  const ofMethod = routes.filter((route) => route.method === method);
  return ofMethod.find((route) => fits(route, true)) ?? ofMethod.find((route) => fits(route, false));
}

/** What of an answer is not as its route declares it, in words; undefined: nothing. */
export function undeclared({ method, path, status, type, text }: Told): string | undefined {
  const where = `${method} ${path.slice(0, 120)} answered ${status}`;
  if (status >= 400 && type?.startsWith("application/problem+json")) {
    const parsed = problemDocumentSchema.safeParse(JSON.parse(text));
    return parsed.success ? undefined : `${where}, no problem document: ${parsed.error.message}`;
  }
  const route = routeOf(method, path);
  // Errors in the words of a vendor, as its clients read them.
  if (status >= 400 && route?.problem) return JSON.parse(text).error ? undefined : `${where}: ${text.slice(0, 300)}`;
  const answer = route?.answers?.[status];
  if (!answer) return `${where}, which is not declared: ${text.slice(0, 300)}`;
  if (!answer.schema || !type?.startsWith(answer.media ?? "application/json")) return undefined;
  const parsed = answer.schema.safeParse(JSON.parse(text));
  return parsed.success ? undefined : `${where}, not as declared: ${parsed.error.message}\n${text.slice(0, 500)}`;
}

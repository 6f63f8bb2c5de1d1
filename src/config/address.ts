import { z } from "zod";

/** An http:// or https:// address without a slash at its end. @param path what one without a path gets; may be empty */
export function addressOf(path: string): z.ZodType<string> {
  return z.string().transform((value, context) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
      context.addIssue({ code: "custom", message: "not an address" });
      return z.NEVER;
    }
    const given = url.pathname.replace(/\/+$/, "");
    return `${url.origin}${given === "" ? path : given}`;
  });
}

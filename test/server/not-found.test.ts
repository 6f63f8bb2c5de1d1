import { describe, expect, test } from "vitest";
import { routeNotFound } from "../../src/server/not-found.ts";

const routes = [
  { method: "GET", url: "/v1/runs" },
  { method: "POST", url: "/v1/runs" },
  { method: "GET", url: "/v1/runs/:id/events" },
];

describe("routeNotFound", () => {
  test.each([
    ["GET", "/v1/run", "Nothing answers GET /v1/run. Did you mean /v1/runs?"],
    ["GET", "/v1/runs/run_7/event", "Nothing answers GET /v1/runs/run_7/event. Did you mean /v1/runs/run_7/events?"],
    ["GET", "/wholly/else", "Nothing answers GET /wholly/else."],
    ["DELETE", "/v1/runs", "/v1/runs does not take DELETE; it takes GET, POST."],
  ])("%s %s", (method, path, message) => {
    expect(routeNotFound(method, path, routes)).toMatchObject({ code: "not_found", message });
  });
});

/** A log with one incident: a leak in payments-api. */
export const paymentsLog = `2026-03-01T10:00:01Z INFO  [payments-api] deploy 4.2.1 started
2026-03-01T10:02:10Z WARN  [payments-api] connection pool at 95%
2026-03-01T10:03:44Z ERROR [payments-api] timeout after 5000 ms talking to orders-db
2026-03-01T10:04:02Z ERROR [checkout-web] 502 from payments-api, 340 customers could not pay
2026-03-01T10:09:30Z FATAL [payments-api] connection pool exhausted because of a leak in release 4.2.1
2026-03-01T10:21:00Z INFO  [payments-api] rolled back to 4.2.0
2026-03-01T10:23:15Z INFO  [payments-api] recovered`;

/** A log in which next to nothing happens. */
export const calmLog = `09:00:00 INFO search-worker: index refreshed in 812 ms
09:05:00 INFO search-worker: index refreshed in 799 ms
09:07:12 INFO search-worker: a minor typo in the help page was corrected`;

/** A schema such as a workflow's author writes. */
export const incidentSchema = {
  type: "object",
  additionalProperties: false,
  required: ["severity", "component"],
  properties: {
    severity: { enum: ["low", "high", "critical"] },
    component: { type: "string" },
    summary: { type: "string", maxLength: 120 },
    customers_affected: { type: "integer", minimum: 0 },
    rolled_back: { type: "boolean" },
    root_cause: { type: "string" },
    confidence: { type: "number", minimum: 0, maximum: 1 },
    events: {
      type: "array",
      maxItems: 3,
      items: { type: "object", required: ["time"], properties: { time: { type: "string" }, what: { type: "string" } } },
    },
  },
} as const;

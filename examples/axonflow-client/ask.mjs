// An application that was written for AxonFlow. Only the endpoint is new.
const endpoint = process.env.AXONFLOW_ENDPOINT ?? "http://127.0.0.1:7700";
const credentials = `${process.env.AXONFLOW_CLIENT_ID ?? "my-app"}:${process.env.AXONFLOW_CLIENT_SECRET ?? ""}`;
const goal = process.argv[2] ?? "Compare three vendors and write a recommendation";

async function request(type, query, context) {
  const answer = await fetch(`${endpoint}/api/request`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
    },
    body: JSON.stringify({ query, request_type: type, user_token: "user-1", client_id: "my-app", context }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status}: ${body.error}`);
  return body;
}

const chat = await request("chat", "In one sentence: why have two providers?", { provider: "anthropic" });
const { provider, model, cost } = chat.metadata.provider_info;
console.log(`${provider} (${model}, ${cost ?? "?"} USD): ${chat.data}`);

const plan = await request("multi-agent-plan", goal, { execution_mode: "auto" });
for (const step of plan.data.steps) console.log(`  ${step.id}: ${step.description}`);

const executed = await request("execute-plan", "", { plan_id: plan.plan_id });
console.log(`${executed.data.status} after ${executed.metadata.duration}:`, executed.result ?? "");

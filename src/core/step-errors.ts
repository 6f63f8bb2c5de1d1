import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Codes of steps and of runs that end badly; a part of the catalogue. */
export const stepErrors = {
  step_failed: entry(
    422,
    "A step of the run failed.",
    "`switchyard runs show ID` shows the step's attempts and calls.",
  ),
  template_failed: entry(
    422,
    "A template could not be rendered.",
    "Guard a value that can be missing with {% if %}, or give it a default.",
  ),
  output_invalid: entry(
    422,
    "What the step got, or what the run gives (`output_schema`), does not match its schema.",
    "Loosen the schema. For a model's answer: say in the prompt what the schema asks, or use a more able model.",
  ),
  expression_failed: entry(
    422,
    "An expression of a transform step could not be evaluated.",
    "Correct the expression at the line that the message names; `$exists()` and `??` guard what can be missing.",
  ),
  variable_unavailable: entry(
    422,
    "A step reads an environment variable that steps may not read, or that is not set.",
    "List its name in SWITCHYARD_STEP_ENV (`step_env`) and set the variable for every worker.",
  ),
  http_invalid: entry(
    422,
    "The request of an http step cannot be sent as it was rendered.",
    "Correct url, headers, query or body as the message says.",
  ),
  http_refused: entry(
    422,
    "The request of an http step leads to where steps may not go.",
    "If they may, list the host or network in SWITCHYARD_HTTP_ALLOW (`http_allow`).",
  ),
  http_failed: entry(
    502,
    "The server did not answer the request of an http step with success.",
    "Look at the status and the answer in the message; `success` says which statuses are taken.",
  ),
  function_failed: entry(
    422,
    "The function of a function step failed.",
    "The message is the function's own; correct the function or its input.",
  ),
  function_unknown: entry(
    503,
    "No worker that took the step has its function.",
    "Put the module into the folder that SWITCHYARD_FUNCTIONS names (or list its package) on some worker, and start it again.",
  ),
  machine_unknown: entry(
    503,
    "This process does not have the module of the workflow's machine, or has another content of it.",
    "Put the module into the folder that SWITCHYARD_FUNCTIONS names, for the API and for the workers; a changed one is submitted again.",
  ),
  machine_failed: entry(
    422,
    "The workflow's machine broke: one of its own functions threw, or it did what cannot be made durable.",
    "Correct the machine at what the message names.",
  ),
  step_input_invalid: entry(
    422,
    "A machine invoked a step with an input that its kind does not take.",
    "Correct the invocation's `input` as the message says.",
  ),
  image_invalid: entry(
    422,
    "What a step was to show to a model is no picture.",
    "Give `images` data URLs, or { base64, media_type } as the body of an http step's output is.",
  ),
  agent_limit: entry(
    422,
    "An agent reached a limit before it was done.",
    "Raise max_turns, max_calls or max_usd as the message says, give it fewer or better tools, or a smaller task.",
  ),
  mcp_refused: entry(
    422,
    "An agent's MCP server is a process that steps may not start.",
    "If they may, list its command line in SWITCHYARD_MCP_COMMANDS (`mcp_commands`) of every worker.",
  ),
  mcp_failed: entry(
    502,
    "An agent's MCP server did not begin, or did not say which tools it has.",
    "Look at the server's command or address in the message; start it by hand to see what it says.",
  ),
  attempts_exhausted: entry(
    422,
    "Every attempt of the step ended without an outcome: its worker died each time.",
    "Look for what kills the worker (memory, the process manager) in its log.",
  ),
  step_timeout: entry(
    422,
    "The attempt took longer than the step's timeout.",
    "Raise the step's `timeout`, or use a faster model.",
  ),
  wait_timeout: entry(
    422,
    "The signal did not come in time.",
    "Send it sooner, or give the step a longer `timeout` or `on_timeout: continue`.",
  ),
  approval_timeout: entry(
    422,
    "Nobody approved or rejected in time.",
    "Give the step a longer `timeout`, or say `on_timeout`.",
  ),
  approval_rejected: entry(422, "A person rejected it.", "Say `on_reject: continue` where a rejection is no failure."),
  child_failed: entry(
    422,
    "A run that the step started did not succeed.",
    "`switchyard runs show ID` of that run shows why.",
  ),
  loop_unfinished: entry(
    422,
    "A loop made as many rounds as it may, and its `until` does not hold.",
    "Raise its `max`, or say `on_max: continue` where the last round's output will do.",
  ),
  too_many_failures: entry(
    422,
    "More steps have failed than the workflow tolerates.",
    "`switchyard runs show ID` shows them; `soft_failure` says how many may.",
  ),
  compensation_failed: entry(
    500,
    "What the run had done could not all be undone.",
    "The run's error names the steps (`not_undone`); undo them by hand.",
  ),
  run_timeout: entry(422, "The run took longer than the workflow's timeout.", "Raise the workflow's `timeout`."),
} satisfies Record<string, CatalogueEntry>;

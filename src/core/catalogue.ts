import { type CatalogueEntry, entry } from "./catalogue-entry.ts";
import { planErrors } from "./plan-errors.ts";
import { stepErrors } from "./step-errors.ts";

export type { CatalogueEntry } from "./catalogue-entry.ts";

/** Every error code that Switchyard returns, prints or stores. `docs/reference/errors.md` lists the same ones; a test compares them. */
export const catalogue = {
  bad_request: entry(400, "The request is not well-formed.", "Correct what the message lists and send it again."),
  invalid_definition: entry(
    400,
    "The workflow definition has mistakes.",
    "Correct the listed lines; `switchyard validate FILE` checks again.",
  ),
  invalid_tests: entry(
    400,
    "The test file has mistakes.",
    "Correct the listed lines; docs/reference/workflow-tests.md lists every key.",
  ),
  invalid_input: entry(
    400,
    "The input does not match the workflow's input schema.",
    "Correct the listed fields; the workflow's `input` says what it takes.",
  ),
  invalid_settings: entry(
    400,
    "The settings have mistakes.",
    "Correct what is listed, then try again. `switchyard config check` checks variables and switchyard.yaml without a start.",
  ),
  invalid_script: entry(
    400,
    "The outage script has mistakes.",
    "Correct the listed lines, then start the simulator again.",
  ),
  invalid_scenario: entry(
    400,
    "The scenario has mistakes.",
    "Correct the listed lines; docs/reference/route-simulate.md lists every key.",
  ),
  usage: entry(400, "The command was not understood.", "Run the command with --help."),
  port_taken: entry(
    400,
    "Another process listens on the port.",
    "Name another port with --port (`dev` and `serve`: also SWITCHYARD_PORT); 0 takes any free one.",
  ),
  file_unreadable: entry(400, "A file could not be read.", "Check the path and its permissions."),
  file_unwritable: entry(400, "A file could not be written.", "Check the path, its permissions and the space left."),
  unknown_provider: entry(400, "No provider bears that name.", "Name one of the listed providers, or configure it."),
  strict_needs_provider: entry(
    400,
    "strict_provider was asked for without a provider.",
    "Name the provider to pin to, or drop strict_provider.",
  ),
  server_open: entry(
    400,
    "The API would be open to other machines, and no key protects it.",
    "Make a key with `switchyard keys create --name NAME --scope admin`, listen on 127.0.0.1, or say SWITCHYARD_OPEN=true.",
  ),
  unauthenticated: entry(
    401,
    "The request has no valid key.",
    "Send `Authorization: Bearer sy_...` (command line: SWITCHYARD_API_KEY). `switchyard keys create` makes a key.",
  ),
  forbidden: entry(
    403,
    "The key does not allow that.",
    "Use a key of the scope and tenant that the message names; `switchyard keys list` shows what each key has.",
  ),
  not_an_approver: entry(
    403,
    "Somebody else is asked for that approval.",
    "Let one of those approve it that the message lists, with a key of that name or tenant.",
  ),
  key_not_found: entry(404, "No key has that id.", "List them with `switchyard keys list`."),
  key_revoked: entry(409, "The key was revoked.", "Make another one with `switchyard keys create`."),
  rate_limited: entry(
    429,
    "The key has sent more requests than it may within a minute.",
    "Wait as long as Retry-After says, or raise SWITCHYARD_RATE_LIMIT.",
  ),
  budget_spent: entry(
    402,
    "A budget that the request would be paid from is spent.",
    "Wait for the next day or month, or raise the budget: `switchyard budgets list` shows them all.",
  ),
  signature_refused: entry(
    401,
    "The delivery's signature is missing, wrong or too old.",
    "Sign the raw body with the trigger's secret, as `switchyard triggers list --json` shows; compare the clocks.",
  ),
  workflow_not_found: entry(
    404,
    "No workflow of that name and version is stored.",
    "Check the name, or submit the definition itself.",
  ),
  budget_not_found: entry(404, "No budget has that id.", "List them with `switchyard budgets list`."),
  schedule_not_found: entry(404, "No schedule has that id.", "List them with `switchyard schedules list`."),
  trigger_not_found: entry(404, "No trigger has that id.", "List them with `switchyard triggers list`."),
  gateway_context_not_found: entry(
    404,
    "No call was asked for under that context.",
    "Report with the context_id that the pre-check gave, within a day; or leave it out and name provider and model.",
  ),
  run_not_found: entry(404, "No run has that id.", "List the runs with `switchyard runs list`."),
  routing_version_not_found: entry(
    404,
    "The routing has no such version.",
    "`switchyard route history` lists the versions that are kept.",
  ),
  not_found: entry(404, "Nothing is there.", "Check the address; GET / lists the routes."),
  providers_configured: entry(
    405,
    "Providers are configured where the servers start.",
    "Set the provider's variables, or its entry in switchyard.yaml, and start the servers again. At run time: enable, disable, weigh.",
  ),
  approval_not_waiting: entry(
    409,
    "No such step of the run waits for approval.",
    "`switchyard runs show ID` shows what it waits for.",
  ),
  step_not_found: entry(404, "The run has no such step.", "Name one of the listed steps."),
  unknown_step: entry(400, "The workflow has no such step.", "Name one of the listed steps."),
  step_not_reached: entry(
    409,
    "A run can only be forked from a step before which everything has ended.",
    "Fork from the step that the message names, or from one before it.",
  ),
  fork_diverged: entry(
    409,
    "With what was changed the XState machine goes another way, before it comes to the step of the fork.",
    "Fork from an earlier step, or submit a new run.",
  ),
  nothing_to_retry: entry(
    409,
    "The run has neither failed nor been cancelled.",
    "Wait for its end, or say from which step: `switchyard runs fork ID --from STEP`.",
  ),
  output_lost: entry(
    409,
    "What a step brought is not there any more.",
    "Fork from that step or from one before it, or start a new run.",
  ),
  run_ended: entry(409, "The run has ended.", "Nothing to do; start another run, or retry this one."),
  workflow_in_use: entry(
    409,
    "Runs, schedules, triggers or other workflows still need the workflow.",
    "Wait for the runs or cancel them; remove or change the others; then delete it again.",
  ),
  run_not_removable: entry(
    409,
    "Only a run that has ended, and that no step has started, can be deleted.",
    "Cancel the run and wait for its end; delete the run that started it.",
  ),
  idempotency_conflict: entry(
    409,
    "The idempotency key was used before with another request.",
    "Use a new key, or send the first request unchanged.",
  ),
  idempotency_busy: entry(
    409,
    "A request with the same idempotency key is under way.",
    "Send it again after Retry-After: it gets the answer of the first one.",
  ),
  answer_not_kept: entry(
    409,
    "A request with the same idempotency key was carried out, and its answer cannot be given again.",
    "Nothing is to be done twice: look at what was made. A key whose secret is lost can be rotated. Raise SWITCHYARD_IDEMPOTENCY_LIMIT for larger answers.",
  ),
  routing_conflict: entry(
    412,
    "The routing has been changed since the change was made for it.",
    "Look at what is set now with `switchyard route show`, then make the change again.",
  ),
  payload_too_large: entry(
    413,
    "The request or a step's output is too large.",
    "Send less, or raise the limit in the settings.",
  ),
  unsupported_media_type: entry(
    415,
    "The request's body came as a content type that is not taken there.",
    "Send the body as one of the listed types, with a Content-Type header that says so.",
  ),
  ...stepErrors,
  ...planErrors,
  provider_rejected: entry(
    422,
    "The provider refused the request as wrong.",
    "Correct the request; the message is the provider's.",
  ),
  content_filtered: entry(
    422,
    "The provider's content filter refused the request or its answer.",
    "Reword the prompt, or use another provider.",
  ),
  no_able_model: entry(
    422,
    "The request asks for what no model that may serve it can do: images, tools, embeddings, what only one vendor has.",
    "Leave out what the message names, or allow a provider that can do it. If a model takes images or tools all the same, say so below its `capabilities`.",
  ),
  context_length: entry(
    422,
    "The request is too long for every able model.",
    "Shorten the prompt, or configure a model with a larger context window. If a model's window is larger than the message says, say so below its `capabilities`.",
  ),
  provider_auth: entry(502, "The provider refused the key.", "Check the provider's key and its billing."),
  provider_model_not_found: entry(
    502,
    "The provider does not know the model or deployment.",
    "Check the model's name in the settings.",
  ),
  provider_failed: entry(
    502,
    "Every provider that could serve the request failed.",
    "`switchyard runs show ID` lists every call with how it failed (in the API: `details.calls`).",
  ),
  provider_unavailable: entry(
    503,
    "No provider that may serve the request is available now.",
    "Start the run again when a provider is back, configure another one, or let steps wait longer with `retry.max_wait`.",
  ),
  no_provider: entry(
    503,
    "No provider is configured.",
    "Set a provider's key (OPENAI_API_KEY, ...), OLLAMA_ENDPOINT, or providers in switchyard.yaml; `switchyard simulate` plays some without keys.",
  ),
  redis_unavailable: entry(
    503,
    "Redis does not answer.",
    "Check Redis; send the request again with the same Idempotency-Key.",
  ),
  redis_full: entry(
    503,
    "Redis has no memory left.",
    "Raise its maxmemory, or make room: delete ended runs, set SWITCHYARD_RETENTION. Runs go on by themselves once there is room; send the request again with the same Idempotency-Key.",
  ),
  redis_refuses: entry(
    503,
    "Redis answers, but takes no changes now.",
    "Correct at Redis what the message names. Runs go on by themselves then; send the request again with the same Idempotency-Key.",
  ),
  redis_evicts: entry(
    503,
    "Redis would throw away what Switchyard keeps in it.",
    "Set `maxmemory-policy noeviction` in Redis (CONFIG SET, its configuration file, or the parameter group of a managed one), then start again.",
  ),
  redis_missing: entry(
    503,
    "No Redis server is on PATH and REDIS_URL is not set.",
    "Install redis-server, or set REDIS_URL.",
  ),
  redis_not_named: entry(
    503,
    "No Redis is named.",
    "Set REDIS_URL (or redis_url in switchyard.yaml); `health` and `reconcile` also take the Redis of a `switchyard dev` that runs in this folder.",
  ),
  server_unreachable: entry(
    503,
    "No Switchyard server answers at that address.",
    "Start one with `switchyard dev`, or name it with --url or SWITCHYARD_URL.",
  ),
  cancelled: entry(499, "The caller went away, or the run was cancelled.", "Nothing to do."),
  internal: entry(
    500,
    "Something in Switchyard itself failed.",
    "Look at the log; if it stays, report it with the run's history.",
  ),
} satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. Stored in runs: renaming one is a breaking change. */
export type ErrorCode = keyof typeof catalogue;

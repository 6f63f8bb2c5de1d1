import type { Route } from "./route.ts";
import { health } from "./routes/health.ts";
import { home } from "./routes/home.ts";
import { listRuns } from "./routes/list-runs.ts";
import { runEvents } from "./routes/run-events.ts";
import { showRun } from "./routes/show-run.ts";
import { storeWorkflow } from "./routes/store-workflow.ts";
import { submitRun } from "./routes/submit-run.ts";

const api: readonly Route[] = [submitRun, listRuns, showRun, runEvents, storeWorkflow, health];

/** Every route of the API, in the order in which `GET /` lists them. */
export const routes: readonly Route[] = [home(api), ...api];

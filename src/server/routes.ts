import { axonFlowRoutes } from "./axonflow/table.ts";
import type { Route } from "./route.ts";
import { listApprovals } from "./routes/approvals.ts";
import { audit } from "./routes/audit.ts";
import { listBudgets, removeBudget, setBudget } from "./routes/budgets.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { costs } from "./routes/costs.ts";
import { deleteRun } from "./routes/delete-run.ts";
import { embeddings } from "./routes/embeddings.ts";
import { forkRun, retryRun } from "./routes/fork-run.ts";
import { gatewayAudit, gatewayPreCheck } from "./routes/gateway.ts";
import { health } from "./routes/health.ts";
import { home } from "./routes/home.ts";
import { receiveHook, receiveTenantHook } from "./routes/hooks.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "./routes/keys.ts";
import { listRuns } from "./routes/list-runs.ts";
import { login, loginPage, logout } from "./routes/login.ts";
import { countTokens, messages } from "./routes/messages.ts";
import { listModels, showModel } from "./routes/models.ts";
import { openApi } from "./routes/openapi.ts";
import { cancelPlan, executePlan, resumePlan, rollbackPlan } from "./routes/operate-plan.ts";
import { approveRun, cancelRun, pauseRun, rejectRun, resumeRun, signalRun } from "./routes/operate-run.ts";
import { editPlan, listAgents, listPlans, makePlan, planVersions, showPlan } from "./routes/plans.ts";
import { listProviders, showProvider, testProvider } from "./routes/providers.ts";
import { responses } from "./routes/responses.ts";
import { routeChange } from "./routes/route-change.ts";
import { routeExplain } from "./routes/route-explain.ts";
import { routeHistory } from "./routes/route-history.ts";
import { routeDrain, routeReset, routeUndrain } from "./routes/route-provider.ts";
import { routeRollback } from "./routes/route-rollback.ts";
import { routeShadows } from "./routes/route-shadows.ts";
import { routeShow } from "./routes/route-show.ts";
import { runEvents } from "./routes/run-events.ts";
import { runStep, runSteps, stepAttempts } from "./routes/run-steps.ts";
import { listSchedules, removeSchedule, setSchedule, showSchedule } from "./routes/schedules.ts";
import { showRun } from "./routes/show-run.ts";
import { storeWorkflow } from "./routes/store-workflow.ts";
import { submitRun } from "./routes/submit-run.ts";
import { submitRuns } from "./routes/submit-runs.ts";
import { listTriggers, removeTrigger, sendOpenSignal, setTrigger, showTrigger } from "./routes/triggers.ts";
import { workflowGraph } from "./routes/workflow-graph.ts";
import { deleteWorkflow, listWorkflows, showWorkflow, validateWorkflow, workflowVersions } from "./routes/workflows.ts";

const routing: readonly Route[] = [
  routeShow,
  routeChange,
  routeHistory,
  routeRollback,
  routeDrain,
  routeUndrain,
  routeReset,
  routeExplain,
  routeShadows,
];

const operating: readonly Route[] = [
  cancelRun,
  pauseRun,
  resumeRun,
  signalRun,
  approveRun,
  rejectRun,
  retryRun,
  forkRun,
];

const plans: readonly Route[] = [
  makePlan,
  listPlans,
  showPlan,
  editPlan,
  planVersions,
  executePlan,
  cancelPlan,
  rollbackPlan,
  resumePlan,
  listAgents,
];

const proxy: readonly Route[] = [chatCompletions, responses, messages, countTokens, embeddings, listModels, showModel];

const api: readonly Route[] = [
  submitRun,
  submitRuns,
  listRuns,
  showRun,
  deleteRun,
  runEvents,
  runSteps,
  runStep,
  stepAttempts,
  ...operating,
  listApprovals,
  storeWorkflow,
  validateWorkflow,
  listWorkflows,
  showWorkflow,
  deleteWorkflow,
  workflowVersions,
  workflowGraph,
  setSchedule,
  listSchedules,
  showSchedule,
  removeSchedule,
  setTrigger,
  listTriggers,
  showTrigger,
  removeTrigger,
  sendOpenSignal,
  receiveHook,
  receiveTenantHook,
  ...plans,
  ...proxy,
  listProviders,
  showProvider,
  testProvider,
  ...routing,
  gatewayPreCheck,
  gatewayAudit,
  ...axonFlowRoutes,
  costs,
  listKeys,
  createKey,
  rotateKey,
  revokeKey,
  audit,
  loginPage,
  login,
  logout,
  listBudgets,
  setBudget,
  removeBudget,
  health,
  openApi(() => routes),
];

/** Every route of the API, in the order in which `GET /` lists them. */
export const routes: readonly Route[] = [home(api), ...api];

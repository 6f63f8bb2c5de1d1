import type { Schedule } from "../core/schedule.ts";
import type { Begun, OpenSignal, SetTrigger, Trigger, TriggerRequest } from "../core/trigger.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import type { Http } from "./http.ts";

/** What begins runs by itself: schedules and triggers. Failures as those of the client. */
export class BeginningsClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** Runs that begin by the clock, by id. */
  async schedules(): Promise<readonly Schedule[]> {
    return (await this.#http.json<{ readonly schedules: readonly Schedule[] }>({ path: "/v1/schedules" })).schedules;
  }

  /** Sets a schedule, in place of one of that id. @throws AppError bad_request, workflow_not_found, invalid_input */
  setSchedule(
    id: string,
    schedule: Pick<Schedule, "workflow" | "cron"> &
      Partial<Pick<Schedule, "input" | "hints" | "timezone" | "overlap"> & { readonly version: number }>,
    asker: Asker = {},
  ): Promise<Schedule> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    return this.#http.json({ method: "PUT", path: schedulePath(id), headers, body: JSON.stringify(schedule) });
  }

  /** One of them. @throws AppError schedule_not_found */
  schedule(id: string): Promise<Schedule> {
    return this.#http.json({ path: schedulePath(id) });
  }

  /** @throws AppError schedule_not_found */
  async removeSchedule(id: string, asker: Asker = {}): Promise<void> {
    await this.#http.open({ method: "DELETE", path: schedulePath(id), headers: askerHeaders(asker) });
  }

  /** What signed requests from outside begin, by id; their secrets are masked. */
  async triggers(): Promise<readonly Trigger[]> {
    return (await this.#http.json<{ readonly triggers: readonly Trigger[] }>({ path: "/v1/triggers" })).triggers;
  }

  /** Sets a trigger, in place of one of that id. A secret that is made now is in this answer and in no other. @throws AppError bad_request, workflow_not_found */
  setTrigger(id: string, trigger: TriggerRequest, asker: Asker = {}): Promise<SetTrigger> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    return this.#http.json({ method: "PUT", path: triggerPath(id), headers, body: JSON.stringify(trigger) });
  }

  /** One of them; its secret is masked. @throws AppError trigger_not_found */
  trigger(id: string): Promise<Trigger> {
    return this.#http.json({ path: triggerPath(id) });
  }

  /** @throws AppError trigger_not_found */
  async removeTrigger(id: string, asker: Asker = {}): Promise<void> {
    await this.#http.open({ method: "DELETE", path: triggerPath(id), headers: askerHeaders(asker) });
  }

  /** Sends a signal for nobody's run. @returns what came of it, for each trigger that is set `on` its name */
  async sendSignal(name: string, signal: Partial<OpenSignal> = {}, asker: Asker = {}): Promise<readonly Begun[]> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    const path = `/v1/signals/${encodeURIComponent(name)}`;
    const answer = await this.#http.json<{ readonly begun: readonly Begun[] }>({
      method: "POST",
      path,
      headers,
      body: JSON.stringify(signal),
    });
    return answer.begun;
  }
}

function schedulePath(id: string): string {
  return `/v1/schedules/${encodeURIComponent(id)}`;
}

function triggerPath(id: string): string {
  return `/v1/triggers/${encodeURIComponent(id)}`;
}

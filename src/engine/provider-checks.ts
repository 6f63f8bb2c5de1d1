import type { Queue } from "bullmq";
import { checkedProviders } from "../router/check.ts";
import type { Router } from "../router/router.ts";
import type { JobData } from "./job.ts";

/** Name of the job, and id of its scheduler: there is one for the whole fleet. */
export const checksJob = "checks";

/** What active checks are made of. */
export interface ProviderChecksParts {
  readonly router: Pick<Router, "check" | "routing">;
  readonly queue: Queue<JobData>;
}

/** Active checks of the providers, by whichever worker gets the job; how often is the routing's word, which may change at any time. */
export class ProviderChecks {
  readonly #router: ProviderChecksParts["router"];
  readonly #queue: Queue<JobData>;

  constructor({ router, queue }: ProviderChecksParts) {
    this.#router = router;
    this.#queue = queue;
  }

  /** Makes the fleet's scheduler do what the routing says: none where checks are off. */
  async schedule(): Promise<void> {
    const [{ checkEveryMs }, found] = await Promise.all([
      this.#router.routing(),
      this.#queue.getJobScheduler(checksJob),
    ]);
    if (checkEveryMs === null) {
      if (found) await this.#queue.removeJobScheduler(checksJob);
    } else if (found?.every !== checkEveryMs) {
      const job = {
        name: checksJob,
        data: { run: "", workflow: "", version: 0 },
        opts: { removeOnComplete: true, removeOnFail: 20 },
      };
      await this.#queue.upsertJobScheduler(checksJob, { every: checkEveryMs }, job);
    }
  }

  /** Checks every provider that may be given calls. */
  async run(): Promise<void> {
    const routing = await this.#router.routing();
    if (routing.checkEveryMs === null) return;
    await Promise.all(checkedProviders(routing).map((provider) => this.#router.check(provider)));
  }
}

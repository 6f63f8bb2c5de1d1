import type { SwitchyardClient } from "../../client/client.ts";
import type { Simulator } from "../../simulator/index.ts";

/** Takes the provider that served the first step down while the second one runs. @returns its name, once it is down; undefined if the run ended before. */
export async function outageDuringStepTwo(
  client: SwitchyardClient,
  simulator: Simulator,
  runId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let served: string | undefined;
  for await (const event of client.events(runId, { signal })) {
    if (event.type === "step.succeeded") served ??= event.served?.provider;
    if (event.type !== "step.started" || served === undefined) continue;
    const provider = served;
    await callArrived(simulator, provider);
    await simulator.down(provider, { kind: "refuse" });
    return provider;
  }
  return undefined;
}

/** The step's call is on its way: the outage is to hit it in the middle. */
function callArrived(simulator: Simulator, provider: string): Promise<void> {
  return new Promise((done) => {
    if (simulator.hits(provider).some((hit) => hit.outcome === "open")) return done();
    const stop = simulator.on("hit", (hit) => {
      if (hit.provider !== provider) return;
      stop();
      done();
    });
  });
}

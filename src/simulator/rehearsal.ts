import type { SimulatorClock } from "./clock.ts";
import type { Fault } from "./fault.ts";
import type { OutageScript } from "./script.ts";
import type { SimulatedName } from "./vendors/vendor.ts";

/** Puts a fault in force. @returns resolves to what ends it. */
export type Arm = (provider: SimulatedName, fault: Fault) => Promise<() => Promise<void>>;

/** Plays a script: arms each outage when it begins and ends it when it ends, counted from now. @returns stops the play; what is in force stays. */
export function playScript(script: OutageScript, clock: SimulatorClock, arm: Arm): () => void {
  const appointments: (() => void)[] = [];
  for (const outage of script.outages) {
    let armed: Promise<() => Promise<void>> | undefined;
    const begin = () => {
      armed = arm(outage.provider, outage.fault);
      armed.catch(() => {});
    };
    if (outage.fromMs === 0) begin();
    else appointments.push(clock.after(outage.fromMs, begin));
    if (outage.toMs !== undefined) {
      appointments.push(clock.after(outage.toMs, () => void armed?.then((end) => end()).catch(() => {})));
    }
  }
  return () => {
    for (const cancel of appointments) cancel();
  };
}

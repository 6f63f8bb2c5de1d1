export type { SimulatorClock } from "./clock.ts";
export type { Fault } from "./fault.ts";
export type { Hit } from "./hit-log.ts";
export { scheduleOf } from "./schedule.ts";
export { type OutageScript, parseOutageScript } from "./script.ts";
export type { ProviderAddress, Simulator, SimulatorOptions } from "./simulator.ts";
export { simulatorEnv, startSimulator } from "./start-simulator.ts";
export type { SimulatedName } from "./vendors/vendor.ts";

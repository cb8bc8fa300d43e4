export type { Exit, ManagedProcess, ProcessSpec, Supervisor } from "./types";
export { supervise } from "./supervisor";
export { freePorts, isPortClash } from "./ports";
export { lastLines } from "./log";

export { type Fault, faultsOf, sayFault, valueAt } from "./faults";
export { keysAt } from "./keys";
export { soundPart } from "./sound";

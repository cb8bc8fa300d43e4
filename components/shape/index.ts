export { type Fault, faultsOf, keysAt, sayFault, valueAt } from "./faults";
export { validPart } from "./valid-part";

/** The operator, and the functions by which it makes a worker and connectors of a KafkaMirrorMaker2. */
export { startOperator } from "../operator";
export type { ManagedCluster, Operator, OperatorOptions, StartWorker, Worker } from "../operator";
export { trustedKey, writeFiles } from "../operator/mirror/files";
export { connectorDefinitions, workerProperties } from "../operator/mirror/properties";
export { ConnectRest, hasFailed } from "../operator/mirror/rest";
export { readMirrorMaker } from "../operator/mirror/spec";
export type { MirrorMaker } from "../operator/mirror/spec";

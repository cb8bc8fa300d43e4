export type { ConnectWorker, ConnectWorkerOptions } from "./types";
export { startConnectWorker } from "./worker";

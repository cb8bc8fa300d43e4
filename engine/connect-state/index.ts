export { ConnectStateReader, type ConnectView, effectiveIsolation } from "./reader";
export {
  assignedPartitions,
  type ConnectorState,
  Connectors,
  currentTasks,
  SourceOffsets,
  type Status,
} from "./storage";

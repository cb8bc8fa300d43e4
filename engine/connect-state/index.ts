export { ConnectStateReader, type ConnectView, effectiveIsolation, offsetsTopicOf } from "./reader";
export {
  assignedPartitions,
  type ConnectorState,
  Connectors,
  currentTasks,
  offsetRecord,
  SourceOffsets,
  type Status,
} from "./storage";

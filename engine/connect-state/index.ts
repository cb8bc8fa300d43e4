export {
  type ConnectObserver,
  ConnectStateReader,
  type ConnectView,
  effectiveIsolation,
  offsetsTopicOf,
} from "./reader";
export {
  assignedPartitions,
  type ConnectorState,
  Connectors,
  currentTasks,
  offsetRecord,
  readStatus,
  SourceOffsets,
  type Status,
} from "./storage";

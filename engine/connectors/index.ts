export { copiedLines, copyConnectorOffsets, planConnectors, planLines, refusedLine, requireNoneRefused } from "./copy";
export { connectorAcls, missingNames, storageOf } from "./storage";
export type { ConnectCluster, ConnectorPlan, ConnectStorage, CopiedConnector } from "./types";

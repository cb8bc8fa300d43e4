export { copiedLines, copyConnectorOffsets, planConnectors, planLines, refusedLine } from "./copy";
export { connectorAcls, missingNames } from "./storage";
export type { ConnectCluster, ConnectorPlan, ConnectStorage, CopiedConnector } from "./types";

import { custom, type Sketch } from "../resources";

/** Two nearly equal sets of resources: a rule speaks of the one and not of the other. */
export interface Row {
  rule: string;
  trips: Sketch;
  passes: Sketch;
  /** Part of the message. */
  says: string;
  settings?: Record<string, unknown>;
}

export const pair = (parts: any) => parts.mirror.spec.mirrors[0];
export const source = (parts: any) => pair(parts).sourceConnector.config;
export const checkpoint = (parts: any) => pair(parts).checkpointConnector.config;
export const acls = (user: any): any[] => user.spec.authorization.acls;
export const secret = (data: object, namespace = "migration") =>
  custom({ apiVersion: "v1", kind: "Secret", metadata: { name: "origin-cluster-ca-cert", namespace }, data });
export const guide = { dialect: "event-streams-v1beta1", mirror: { profile: "guide" } } as const;

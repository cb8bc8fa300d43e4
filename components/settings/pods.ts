import { list, text, type Written } from "../../engine/setting";
import { fields } from "../shape/types";

/**
 * Settings of the workers' pods. Fields as in Strimzi's `KafkaMirrorMaker2Spec`: every dialect writes them as they are.
 */
export const podShape = {
  /**
   * CPU and memory. Example: `{ requests: { cpu: "1" }, limits: { memory: "2Gi" } }`.
   * @default none
   */
  resources: fields.optional(),
  /**
   * Options of the Java virtual machine. Example: `{ "-Xmx": "1g" }`.
   * @default the operator's
   */
  jvmOptions: fields.optional(),
  /**
   * Loggers. Example: `{ type: "inline", loggers: { "rootLogger.level": "INFO" } }`.
   * @default the operator's
   */
  logging: fields.optional(),
  /**
   * Metrics of the workers. Example:
   * `{ type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef: { name: "metrics", key: "mm2.yaml" } } }`.
   * @default none
   */
  metricsConfig: fields.optional(),
  /**
   * Remote JMX access. Example: `{ authentication: { type: "password" } }`.
   * @default no JMX
   */
  jmxOptions: fields.optional(),
  /**
   * Tracing. Example: `{ type: "opentelemetry" }`.
   * @default none
   */
  tracing: fields.optional(),
  /**
   * Rack awareness. Not in event-streams-v1beta1. Example: `{ topologyKey: "topology.kubernetes.io/zone" }`.
   * @default none
   */
  rack: fields.optional(),
  /**
   * Image of the init container that finds the rack.
   * @default the operator's
   */
  clientRackInitImage: text.optional(),
  /**
   * Liveness probe of the workers. Example: `{ initialDelaySeconds: 60 }`.
   * @default the operator's
   */
  livenessProbe: fields.optional(),
  /**
   * Readiness probe of the workers. Example: `{ failureThreshold: 3 }`.
   * @default the operator's
   */
  readinessProbe: fields.optional(),
  /**
   * Environment and volumes of the workers. Only in dialects before v1. In v1 use `template`. Example:
   * `{ env: [{ name: "ZONE", valueFrom: { configMapKeyRef: { name: "zones", key: "own" } } }] }`.
   * @default none
   */
  externalConfiguration: fields.optional(),
  /**
   * Templates of pods, containers and services. Example: `{ pod: { priorityClassName: "high" } }`.
   * @default none
   */
  template: fields.optional(),
  /**
   * Affinity of the pods. Written where the dialect has this field: at the top level, or in `template.pod`. Example:
   * `{ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname" }] } }`.
   * @default none
   */
  affinity: fields.optional(),
  /**
   * Tolerations of the pods. Written in the same place as `affinity`. Example:
   * `[{ key: "kafka", operator: "Exists" }]`.
   * @default none
   */
  tolerations: list(fields).optional(),
};
export interface PodSettings extends Written<typeof podShape> {}

import { v1 } from "./v1";

/** Strimzi 0.49 and later. From 1.0 on, Strimzi has no other API version. */
export const strimziV1 = (strimzi: string) =>
  v1("strimzi-v1", "kafka.strimzi.io", ["v1beta2"], "strimzi.io/cluster", strimzi);

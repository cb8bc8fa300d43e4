import { v1 } from "./v1";

/** Strimzi 0.49 and later; from 1.0 on the only one. */
export const strimziV1 = (strimzi: string) =>
  v1("strimzi-v1", "kafka.strimzi.io", ["v1beta2"], "strimzi.io/cluster", strimzi);

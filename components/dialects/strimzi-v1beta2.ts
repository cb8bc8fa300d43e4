import { v1beta2 } from "./v1beta2";

/** Strimzi 0.23 to 0.51. */
export const strimziV1beta2 = (strimzi: string) =>
  v1beta2("strimzi-v1beta2", "kafka.strimzi.io", ["v1"], "strimzi.io/cluster", strimzi);

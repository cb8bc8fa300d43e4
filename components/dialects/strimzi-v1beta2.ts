import { v1beta2 } from "./v1beta2";

/** Strimzi 0.23 to 0.51 (`operations` since 0.32). */
export const strimziV1beta2 = v1beta2("strimzi-v1beta2", "kafka.strimzi.io", ["v1"], "strimzi.io/cluster");

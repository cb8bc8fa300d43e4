import { v1 } from "./v1";

/** IBM Event Streams 13.0, which derives from Strimzi 1.0. */
export const eventStreamsV1 = (strimzi: string) =>
  v1(
    "event-streams-v1",
    "eventstreams.ibm.com",
    ["v1beta2", "v1beta1", "v1alpha1"],
    "eventstreams.ibm.com/cluster",
    strimzi,
  );

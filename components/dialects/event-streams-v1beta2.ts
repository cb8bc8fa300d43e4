import { v1beta2 } from "./v1beta2";

/** IBM Event Streams 11.0 to 12.3. */
export const eventStreamsV1beta2 = (strimzi: string) =>
  v1beta2(
    "event-streams-v1beta2",
    "eventstreams.ibm.com",
    ["v1beta1", "v1alpha1", "v1"],
    "eventstreams.ibm.com/cluster",
    strimzi,
  );

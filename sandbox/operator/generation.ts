/**
 * The operators to imitate: Strimzi 0.51 (also reads the API versions before v1) or Strimzi 1.2 (v1 only). Event
 * Streams 12.3 and 13.0 are their derivatives.
 */
export type Generation = "0.51" | "1.2";

/**
 * Derives the generation from the API versions that the CRDs serve. The CRDs of 0.51 still serve v1beta2; those of 1.0
 * and later serve only v1.
 */
export const generationOf = (served: readonly string[]): Generation =>
  served.some((version) => version !== "v1") ? "0.51" : "1.2";

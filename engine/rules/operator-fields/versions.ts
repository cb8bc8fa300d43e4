/**
 * The newest and the oldest Strimzi version whose CRDs this package knows. Event Streams 13.0 and 10.x derive from
 * them.
 */
export const newestStrimzi = "1.2";
export const oldestStrimzi = "0.22";

/** Proves that both clusters let the same principals do the same. See docs/access.md. */
export { checkAccess, reportAccess, requireEqualAccess, shortened, summaryText } from "./check";
export { decide } from "./decide";
export type { Existing } from "./names";
export { compareAccess, compareAcls } from "./parity";
export type {
  AccessDifference,
  AccessMode,
  AccessOptions,
  AccessResource,
  AccessResult,
  Cause,
  ClusterAccess,
  ClusterRules,
  ComparedName,
  ComparedNames,
  Decision,
  Question,
} from "./types";

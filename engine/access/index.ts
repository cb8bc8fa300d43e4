/** Proves that both clusters let the same principals do the same. See docs/access.md. */
export { checkAccess, reportAccess, requireEqualAccess, summaryText } from "./check";
export { decide } from "./decide";
export type { Existing } from "./names";
export { compareAccess, compareAcls } from "./parity";
export {
  type AccessDifference,
  type AccessMode,
  accessMode,
  type AccessOptions,
  type AccessResource,
  type AccessResult,
  type Cause,
  type ClusterAccess,
  type ClusterRules,
  type ComparedName,
  type ComparedNames,
  type Decision,
  type Question,
} from "./types";

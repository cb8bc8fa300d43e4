export type { ConfigSync } from "./facts";
export { mirrorRemembers } from "./storage";
export {
  administratorRights,
  preflight,
  type PreflightOptions,
  type PreflightRun,
} from "./preflight";
export { checkMirrorPrivileges, type MirrorPrivilegeOptions, type MirrorPrivileges } from "./mirror-privileges";
export { checkNotePrivileges } from "./note-privileges";
export type { PreflightFinding } from "./finding";
export type { Estate } from "./inventory";
export { toMoveSinks, whySinksStay } from "./selected";
export { checkOpenWays, checkWaves } from "./read-waves";
export type { DeclaredWave, Waves } from "./waves";
export type { PreflightResult } from "./result";

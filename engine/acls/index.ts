export type { AclOperation, AclResource, AclRule } from "./rules";
export { aclBindings, aclKey, allows, covers, implies, mergeRules } from "./rules";
export { byAcls, PROBE } from "./authorized";
export { guideAcls } from "./guide";
export { leastAcls, type LeastAclOptions } from "./least";
export { administratorAcls, type AdministratorAclOptions } from "./administrator";
export { type Cover, coverPatternList } from "./cover";

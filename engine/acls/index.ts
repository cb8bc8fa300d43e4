export { type AclOperation, type AclResource, type AclRule, aclBindings, aclKey, allows, IMPLIED_BY, mergeRules } from "./rules";
export { guideAcls } from "./guide";
export { leastAcls, type LeastAclOptions } from "./least";
export { administratorAcls, type AdministratorAclOptions } from "./administrator";
export { type Cover, coverPatternList } from "./cover";

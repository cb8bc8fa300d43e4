export {
  aclBindings,
  aclKey,
  type AclOperation,
  type AclResource,
  type AclRule,
  allows,
  byAcls,
  covers,
  EVERYONE,
  implies,
  mergeRules,
  OPERATIONS_OF,
  PROBE,
  userName,
} from "./rules";
export { guideAcls } from "./guide";
export { leastAcls, type LeastAclOptions } from "./least";
export { administratorAcls, type AdministratorAclOptions } from "./administrator";
export { type Cover, coverPatternList } from "./cover";

export { clientBindings } from "./bindings";
export { type FirstAclsQuestion, requireNobodyLockedOut } from "./first-acls";
export { narrowAcls, type NarrowedAcls, narrowingOf } from "./narrow";
export { planClients } from "./plan";
export type { ClientLogin, ClientPlan, ClientQuestion, Maker, Narrowing, PlannedUser, WrittenUser } from "./types";
export { aclText } from "./words";

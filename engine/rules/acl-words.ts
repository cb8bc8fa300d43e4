import { didYouMean } from "../near-miss";
import { alike, type Fault } from "./alike";
import { type Rule, type Saying, userRule } from "./rule";
import type { UserView, WrittenAcl } from "./view";
import { nameOf } from "./sides";

/** The words that the KafkaUser CRD allows. All of them are case-sensitive. */
export const OPERATIONS = [
  "Read",
  "Write",
  "Create",
  "Delete",
  "Alter",
  "Describe",
  "ClusterAction",
  "AlterConfigs",
  "DescribeConfigs",
  "IdempotentWrite",
  "All",
];
const TYPES = ["topic", "group", "cluster", "transactionalId"];
const PATTERNS = ["literal", "prefix"];
const PERMISSIONS = ["allow", "deny"];

export const aclWordRules: Rule[] = [
  userRule(
    { name: "acl-refused", level: "mandatory", summary: "ACL rules have only values that the API server accepts." },
    (user) =>
      user.maker !== "operator"
        ? []
        : alike(aclsOf(user).flatMap(wrongWords)).map(
            (saying): Saying => ({ ...saying, seen: `user ${nameOf(user)}: ${saying.seen}` }),
          ),
  ),
  userRule(
    { name: "acl-without-operations", level: "mandatory", summary: "Each ACL rule lists its operations." },
    (user) =>
      aclsOf(user).flatMap((acl): Saying[] =>
        acl.nested === true ||
        acl.plainOperations !== undefined ||
        (acl.operations !== undefined && acl.operations.length > 0)
          ? []
          : [
              {
                seen:
                  `user ${nameOf(user)}: ${acl.path} ` +
                  `${acl.operations === undefined ? "has no operations" : "has an empty list of operations"}`,
                why:
                  "the rule grants nothing; some operators then create no user, and with v1 the API server " +
                  "refuses the resource",
                instead: "write operations: [...] next to resource, or remove the rule",
              },
            ],
      ),
  ),
];

/** Converts a component's rules, which have no written ACLs, to the same form. */
function aclsOf(user: UserView): readonly WrittenAcl[] {
  if (user.acls !== undefined) return user.acls;
  return user.rules.map(({ type, operations, resource }, i) => ({
    path: `rules[${i}]`,
    permission: type,
    operations,
    type: resource.type,
    ...(resource.name === undefined ? {} : { name: resource.name }),
    ...(resource.patternType === undefined ? {} : { patternType: resource.patternType }),
  }));
}

function wrongWords({
  path,
  both = false,
  singular = false,
  listed = false,
  plainOperations,
  plainResource,
  plainName,
  permission = "allow",
  operations = [],
  type,
  patternType = "literal",
  name,
}: WrittenAcl): Fault[] {
  const why = "the API server refuses the whole KafkaUser: neither the user nor any of its ACLs are created or changed";
  const at = (field: string) => ({ place: `${path}.${field}` });
  const word = (value: string, field: string, allowed: readonly string[]): Fault[] =>
    allowed.includes(value)
      ? []
      : [
          {
            ...at(field),
            // YAML writes an absent value in one of these forms.
            is: ["", "null", "undefined"].includes(value) ? "is empty" : `is "${value}"${didYouMean(value, allowed)}`,
            why,
            instead: `write one of ${allowed.join(", ")}, in exactly this spelling`,
          },
        ];
  const named = type !== undefined && type !== "cluster" && TYPES.includes(type) && (name === undefined || name === "");
  return [
    ...(both
      ? [
          {
            place: path,
            is: "has both operation and operations",
            why: "operators up to Strimzi 0.48 create no user, and later ones ignore operation",
            instead: "write all of them in operations",
          },
        ]
      : []),
    ...(plainOperations === undefined
      ? []
      : [
          {
            ...at("operations"),
            is: `is "${plainOperations}", not a list`,
            why,
            instead: `write [${plainOperations}]`,
          },
        ]),
    ...(listed
      ? [
          {
            ...at("operation"),
            is: "is a list, not one word",
            why,
            instead: `write operations: [${operations.join(", ")}]`,
          },
        ]
      : []),
    ...word(permission, "type", PERMISSIONS),
    ...operations.flatMap((operation, i) => word(operation, singular ? "operation" : `operations[${i}]`, OPERATIONS)),
    ...(plainResource !== undefined
      ? [
          {
            ...at("resource"),
            is: `is ${plainResource}, not a mapping`,
            why,
            instead: "write type, name and patternType",
          },
        ]
      : type === undefined
        ? [{ ...at("resource.type"), is: "is missing", why, instead: `write one of ${TYPES.join(", ")}` }]
        : word(type, "resource.type", TYPES)),
    ...word(patternType, "resource.patternType", PATTERNS),
    ...(plainName === undefined
      ? []
      : [
          {
            ...at("resource.name"),
            is: `is ${plainName}, not a text`,
            why,
            instead: `write "${plainName}", in quotes`,
          },
        ]),
    ...(named && plainName === undefined
      ? [
          {
            ...at("resource.name"),
            is: "is missing",
            why: "the operator creates no user, and the resource becomes NotReady",
            instead: `write the name of the ${type}, or "*" for every ${type}`,
          },
        ]
      : []),
  ];
}

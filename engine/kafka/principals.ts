import { aclText } from "./acl-text";
import * as api from "./api/acls";
import { ALTER_CLIENT_QUOTAS, DESCRIBE_CLIENT_QUOTAS } from "./api/quotas";
import { describeScramUsers } from "./api/scram";
import type * as topics from "./api/topics";
import type { Cluster } from "./cluster";
import { NONE, RESOURCE_NOT_FOUND, UNSUPPORTED_VERSION } from "./error-codes";
import { codeOf, single } from "./outcomes";
import type { Acl, KafkaPort } from "./port";
import type { Api } from "./wire";

type Principals = Pick<
  KafkaPort,
  "describeAcls" | "createAcls" | "deleteAcls" | "scramMechanisms" | "scramUsers" | "clientQuotas" | "alterUserQuota"
>;

/** The part of the port that reads and changes ACLs, and reads SCRAM users and quotas. */
export function principals(cluster: Cluster): Principals {
  return {
    async describeAcls(filter) {
      return (await single(cluster, "list", "ACLs", () => cluster.links.send("any", api.describeAcls, filter ?? {})))
        .acls;
    },
    createAcls: (acls) => changeAcls(cluster, "create", acls, api.createAcls),
    deleteAcls: (acls) => changeAcls(cluster, "delete", acls, api.deleteAcls),
    scramMechanisms: (user) => scramMechanisms(cluster, user),
    async scramUsers() {
      const answer = await ifSupported(cluster, "SCRAM users", [describeScramUsers], null);
      return answer?.users.map(({ name, mechanisms, ...outcome }) => {
        if (outcome.errorCode !== NONE) throw cluster.fail("describe", `SCRAM user ${name}`, outcome);
        return { name, mechanisms: mechanisms.sort() };
      });
    },
    async clientQuotas(broker) {
      return (await ifSupported(cluster, "quotas", DESCRIBE_CLIENT_QUOTAS, null, broker))?.quotas;
    },
    async alterUserQuota(user, key, value) {
      const resource = `quota ${key} of user ${user}`;
      await single(cluster, "change", resource, async () => {
        const link = await cluster.links.broker(await cluster.controller());
        const form = ALTER_CLIENT_QUOTAS.find((f) => link.speaks(f.key, f.version));
        if (form === undefined) return { errorCode: UNSUPPORTED_VERSION, message: null };
        return cluster.links.sendOn(link, form, { user, key, value });
      });
    },
  };
}

/**
 * Lists everything of one kind.
 * @param forms versions of the request, the best first
 * @param broker the broker to ask. Default: any
 * @returns undefined if the broker supports none of them
 */
async function ifSupported<Request, A extends topics.Outcome>(
  cluster: Cluster,
  resource: string,
  forms: readonly Api<Request, A>[],
  request: Request,
  broker?: number,
): Promise<A | undefined> {
  const { answer } = await single(cluster, "list", resource, async () => {
    const link = await (broker === undefined ? cluster.links.any() : cluster.links.broker(broker));
    const form = forms.find((f) => link.speaks(f.key, f.version));
    if (form === undefined) return { errorCode: NONE, message: null, answer: undefined };
    const found = await cluster.links.sendOn(link, form, request);
    return { errorCode: found.errorCode, message: found.message, answer: found };
  });
  return answer;
}

async function scramMechanisms(cluster: Cluster, user: string): Promise<string[]> {
  const send = () => cluster.links.send("any", describeScramUsers, [user]);
  const { users } = await single(cluster, "describe", `SCRAM user ${user}`, send, (answer) => answer.users.length > 0);
  return users.flatMap((found) => {
    if (found.errorCode === RESOURCE_NOT_FOUND) return [];
    if (found.errorCode !== NONE) throw cluster.fail("describe", `SCRAM user ${user}`, found);
    return found.mechanisms;
  });
}

/** The response does not name the ACLs. Its outcomes are in the order of the request. */
async function changeAcls(
  cluster: Cluster,
  action: "create" | "delete",
  acls: readonly Acl[],
  form: Api<readonly Acl[], topics.Outcome[]>,
): Promise<void> {
  await cluster.untilAllAnswered(action, acls, aclText, async (open, settle) => {
    const outcomes = await cluster.links.send(await cluster.controller(), form, open);
    outcomes.forEach((outcome, i) => settle(open[i], codeOf(cluster, action, aclText(open[i]!), outcome)));
  });
}

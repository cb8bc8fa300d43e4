import { MigrationError } from "../errors";
import * as wire from "./api/group-offsets";
import * as api from "./api/groups";
import { describeStreamsGroups } from "./api/streams-groups";
import type { ByTopic } from "./api/records";
import { byTopic, partitionName, type Cluster } from "./cluster";
import {
  GROUP_AUTHORIZATION_FAILED,
  GROUP_ID_NOT_FOUND,
  isRetriable,
  NONE,
  NOT_ANSWERED,
  saysGroupHasMembers,
} from "./error-codes";
import { requestFailure } from "./failures";
import type { CommittedOffset, GroupDescription, KafkaPort, TopicPartition } from "./port";

type Grouping = Pick<
  KafkaPort,
  | "listGroups"
  | "describeGroups"
  | "groupOperations"
  | "groupOffsets"
  | "alterGroupOffsets"
  | "deleteGroupOffsets"
  | "deleteGroups"
>;

const PER_REQUEST = 500;

/** The part of the port that reads and writes consumer groups. */
export function grouping(cluster: Cluster): Grouping {
  return {
    listGroups: () => listGroups(cluster),
    describeGroups: (ids) => describeGroups(cluster, ids),
    groupOperations: (ids) => groupOperations(cluster, ids),
    groupOffsets: (ids) => groupOffsets(cluster, ids),
    alterGroupOffsets: (groupId, offsets) => commit(cluster, groupId, offsets),
    deleteGroupOffsets: (groupId, partitions) => deleteOffsets(cluster, groupId, partitions),
    deleteGroups: (ids) => deleteGroups(cluster, ids),
  };
}

const groupName = (id: string) => `group "${id}"`;
const done = (groupId: string) => ({ groupId, errorCode: NONE });

async function listGroups(cluster: Cluster): Promise<api.ListedGroup[]> {
  const found = new Map<string, api.ListedGroup>();
  // Each broker knows only the groups that it coordinates.
  await cluster.everyBroker("list groups of", async (broker, link) => {
    const form = api.LIST_GROUPS.find((f) => link.speaks(f.key, f.version));
    if (form === undefined) throw requestFailure(cluster.side, "list groups of", `broker ${broker}`, 35);
    const { errorCode, groups } = await cluster.links.sendOn(link, form, null);
    for (const group of groups) found.set(group.groupId, group);
    return errorCode;
  });
  return [...found.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

/** Sends the request to each group's coordinator. `ask` returns an error code for each group. */
async function perCoordinator(
  cluster: Cluster,
  action: string,
  ids: readonly string[],
  ask: (broker: number, ids: string[]) => Promise<{ groupId: string; errorCode: number }[]>,
  unauthorized?: (groupId: string) => void,
): Promise<void> {
  await cluster.untilAllAnswered(action, ids, groupName, async (open, settle) => {
    const groups = await cluster.byCoordinator(open, (group, errorCode) => {
      const hidden = unauthorized !== undefined && errorCode === GROUP_AUTHORIZATION_FAILED;
      if (hidden) unauthorized(group!);
      settle(group, hidden ? NONE : errorCode);
    });
    await cluster.each(groups, async (broker, members) => {
      for (let from = 0; from < members.length; from += PER_REQUEST) {
        const answers = await ask(broker, members.slice(from, from + PER_REQUEST));
        for (const { groupId, errorCode } of answers) settle(groupId, errorCode);
      }
    });
  });
}

async function describeGroups(cluster: Cluster, ids: readonly string[]): Promise<GroupDescription[]> {
  const found = new Map<string, GroupDescription>();
  const take = (type: string) => (g: api.DescribedGroup) => {
    if (g.errorCode === NONE)
      found.set(g.groupId, {
        groupId: g.groupId,
        state: g.state,
        type,
        protocolType: g.protocolType,
        members: g.members,
        ...(g.reads === undefined ? {} : { reads: g.reads }),
      });
    return { groupId: g.groupId, errorCode: g.errorCode };
  };
  // The newer requests return an error for a group of another protocol. That error is ignored.
  const ask = (asked: readonly string[], form: typeof describeStreamsGroups, type: string) =>
    perCoordinator(cluster, "describe", asked, async (broker, some) => {
      const link = await cluster.links.broker(broker);
      if (!link.speaks(form.key, form.version)) return some.map(done);
      const answers = (await cluster.links.sendOn(link, form, some)).map(take(type));
      return answers.map((a) => (isRetriable(a.errorCode) ? a : done(a.groupId)));
    });
  // DescribeGroups reports a group of the new protocol as dead. Send the new request first.
  await ask(ids, api.describeConsumerGroups, "consumer");
  const rest = ids.filter((id) => !found.has(id));
  await perCoordinator(cluster, "describe", rest, async (broker, some) => {
    return (await cluster.links.send(broker, api.describeGroups, some)).map(take("classic"));
  });
  await ask(
    rest.filter((id) => found.get(id)?.state === "Dead"),
    describeStreamsGroups,
    "streams",
  );
  return [...new Set(ids)].map((id) => found.get(id)!);
}

async function groupOperations(cluster: Cluster, ids: readonly string[]): Promise<Map<string, string[] | null>> {
  const found = new Map<string, string[] | null>();
  const hide = (groupId: string) => found.set(groupId, null);
  await perCoordinator(
    cluster,
    "describe",
    ids,
    async (broker, some) =>
      (await cluster.links.send(broker, api.describeGroups, some)).map(
        ({ groupId, errorCode, authorizedOperations }) => {
          if (errorCode === GROUP_AUTHORIZATION_FAILED) hide(groupId);
          else if (errorCode === NONE) found.set(groupId, authorizedOperations ?? []);
          return { groupId, errorCode: found.has(groupId) ? NONE : errorCode };
        },
      ),
    hide,
  );
  return found;
}

async function groupOffsets(cluster: Cluster, ids: readonly string[]): Promise<Map<string, CommittedOffset[]>> {
  const found = new Map<string, CommittedOffset[]>();
  const take = (
    groupId: string,
    answer: { errorCode: number; offsets: (CommittedOffset & { errorCode: number })[] },
  ) => {
    if (answer.errorCode !== NONE && answer.errorCode !== GROUP_ID_NOT_FOUND)
      return { groupId, errorCode: answer.errorCode };
    const wrong = answer.offsets.find((o) => o.errorCode !== NONE);
    if (wrong !== undefined) return { groupId, errorCode: wrong.errorCode };
    found.set(
      groupId,
      answer.offsets.map(({ errorCode: _, ...offset }) => offset),
    );
    return { groupId, errorCode: NONE };
  };
  await perCoordinator(cluster, "read offsets of", ids, async (broker, some) => {
    const link = await cluster.links.broker(broker);
    if (link.speaks(wire.offsetFetchMany.key, wire.offsetFetchMany.version)) {
      return (await cluster.links.sendOn(link, wire.offsetFetchMany, some)).map((g) => take(g.groupId, g));
    }
    const answers = [];
    for (const id of some) answers.push(take(id, await cluster.links.sendOn(link, wire.offsetFetchOne, id)));
    return answers;
  });
  return found;
}

/** Combines the partition errors of one group into one code. Retriable only if all errors are retriable. */
function worst(codes: readonly number[]): number {
  const wrong = codes.filter((c) => c !== NONE);
  return wrong.find((c) => !isRetriable(c)) ?? wrong[0] ?? NONE;
}

/** The code for each requested partition. NOT_ANSWERED if the response does not contain the partition. */
function codesOf(
  asked: readonly TopicPartition[],
  answer: ByTopic<{ partition: number; errorCode: number }>[],
): number[] {
  const codes = new Map(
    answer.flatMap(({ topic, partitions }) => partitions.map((p) => [partitionName({ topic, ...p }), p.errorCode])),
  );
  return asked.map((p) => codes.get(partitionName(p)) ?? NOT_ANSWERED);
}

async function commit(cluster: Cluster, groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
  if (offsets.length === 0) return;
  await perCoordinator(cluster, "write offsets of", [groupId], async (broker) => {
    const answer = await cluster.links.sendLate(broker, wire.offsetCommit, {
      groupId,
      topics: byTopic(offsets, (o) => o),
    });
    const errorCode = worst(codesOf(offsets, answer));
    throwIfActive(cluster, "write offsets of", groupId, errorCode);
    return [{ groupId, errorCode }];
  });
}

async function deleteOffsets(cluster: Cluster, groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
  if (partitions.length === 0) return;
  await perCoordinator(cluster, "delete offsets of", [groupId], async (broker) => {
    const answer = await cluster.links.sendLate(broker, wire.offsetDelete, {
      groupId,
      topics: byTopic(partitions, (p) => p.partition),
    });
    const errorCode = answer.errorCode === NONE ? worst(codesOf(partitions, answer.topics)) : answer.errorCode;
    if (errorCode === GROUP_ID_NOT_FOUND) return [done(groupId)];
    throwIfActive(cluster, "delete offsets of", groupId, errorCode);
    return [{ groupId, errorCode }];
  });
}

async function deleteGroups(cluster: Cluster, ids: readonly string[]): Promise<void> {
  await perCoordinator(cluster, "delete", ids, async (broker, some) => {
    const answers = await cluster.links.send(broker, api.deleteGroups, some);
    for (const { groupId, errorCode } of answers) throwIfActive(cluster, "delete", groupId, errorCode);
    return answers.map((a) => (a.errorCode === GROUP_ID_NOT_FOUND ? done(a.groupId) : a));
  });
}

function throwIfActive(cluster: Cluster, action: string, groupId: string, code: number): void {
  if (!saysGroupHasMembers(code)) return;
  throw new MigrationError(
    "KAFKA_GROUP_ACTIVE",
    `cannot ${action} group "${groupId}" on the ${cluster.side} cluster: it has members`,
    {
      fix: "stop the group's consumers on that cluster and run again",
    },
  );
}

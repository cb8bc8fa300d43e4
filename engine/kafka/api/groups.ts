import type { GroupState } from "../port";
import type { Api, In } from "../wire";
import { assignedTopics } from "./assignment";
import { operations } from "./cluster";

/** FindCoordinator: v4 for many groups in one request (Kafka 3.0 and later), v3 for one group. */
export const findCoordinators: Api<
  readonly string[],
  { group: string; broker: number; host: string; port: number; errorCode: number }[]
> = {
  name: "FindCoordinator",
  key: 10,
  version: 4,
  flexible: true,
  write: (out, groups) =>
    out
      .int8(0)
      .values(groups, (g) => out.string(g))
      .tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const found = {
        group: body.string(),
        broker: body.int32(),
        host: body.string(),
        port: body.int32(),
        errorCode: body.int16(),
      };
      body.nullableString();
      return found;
    });
  },
};

export const findCoordinator: Api<string, { broker: number; host: string; port: number; errorCode: number }> = {
  name: "FindCoordinator",
  key: 10,
  version: 3,
  flexible: true,
  write: (out, group) => out.string(group).int8(0).tags(),
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    body.nullableString();
    return { errorCode, broker: body.int32(), host: body.string(), port: body.int32() };
  },
};

export interface ListedGroup {
  groupId: string;
  state: GroupState;
  type: string;
  protocolType: string;
}

/** ListGroups: v5 (Kafka 3.8) returns the state and the type, v4 (2.6) the state, v3 neither. */
function listGroups(version: 3 | 4 | 5): Api<null, { errorCode: number; groups: ListedGroup[] }> {
  return {
    name: "ListGroups",
    key: 16,
    version,
    flexible: true,
    write(out) {
      if (version >= 4) out.values([], () => {});
      if (version >= 5) out.values([], () => {});
      out.tags();
    },
    read(body) {
      body.throttleTime();
      const errorCode = body.int16();
      const groups = body.list(() => ({
        groupId: body.string(),
        protocolType: body.string(),
        state: version >= 4 ? groupState(body.string()) : "Unknown",
        type: version >= 5 ? body.string().toLowerCase() : "",
      }));
      return { errorCode, groups };
    },
  };
}

export const LIST_GROUPS = [listGroups(5), listGroups(4), listGroups(3)] as const;

const STATES: readonly string[] = [
  "Stable",
  "PreparingRebalance",
  "CompletingRebalance",
  "Empty",
  "Dead",
  "Assigning",
  "Reconciling",
  "NotReady",
];

function groupState(text: string): GroupState {
  return STATES.includes(text) ? (text as GroupState) : "Unknown";
}

export interface DescribedGroup {
  errorCode: number;
  groupId: string;
  state: GroupState;
  protocolType: string;
  members: { memberId: string; clientId: string; clientHost: string }[];
  /** What the members read, if it can be determined (`GroupDescription.reads`). */
  reads?: string[];
  authorizedOperations?: string[];
}

/** DescribeGroups v5 (Kafka 2.4 and later), for classic groups. The state of a group that does not exist is Dead. */
export const describeGroups: Api<readonly string[], DescribedGroup[]> = {
  name: "DescribeGroups",
  key: 15,
  version: 5,
  flexible: true,
  write: (out, groups) =>
    out
      .values(groups, (g) => out.string(g))
      .boolean(true)
      .tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const errorCode = body.int16();
      const groupId = body.string();
      const state = groupState(body.string());
      const protocolType = body.string();
      body.string();
      const members = body.list(() => {
        const memberId = body.string();
        body.nullableString();
        const member = { memberId, clientId: body.string(), clientHost: body.string() };
        body.skipBytes();
        return { ...member, reads: protocolType === "consumer" ? assignedTopics(body.byteString()) : unread(body) };
      });
      const known = { errorCode, groupId, state, protocolType, ...withReads(members) };
      return { ...known, authorizedOperations: operations(body.int32()) };
    });
  },
};

/** A member, with the topics that it reads. undefined: unknown. */
export type ReadingMember = DescribedGroup["members"][number] & { reads: string[] | undefined };

/** Returns undefined: the assignment of another protocol (Kafka Connect) has another format. */
function unread(body: In): undefined {
  body.skipBytes();
}

/** Splits what the members read from the members. `shared` is what the whole group reads. */
function withReads(
  all: readonly ReadingMember[],
  shared: readonly string[] = [],
): Pick<DescribedGroup, "members" | "reads"> {
  const members = all.map(({ reads: _, ...member }) => member);
  if (all.some((m) => m.reads === undefined)) return { members };
  return { members, reads: [...new Set([...shared, ...all.flatMap((m) => m.reads!)])].sort() };
}

/** The requests of the newer protocols differ only in the fields before the members and in the fields of a member. */
interface NewerForm {
  name: string;
  key: number;
  protocolType: string;
  /** Reads the fields before the members. Returns the topics in them. */
  readToMembers(body: In): string[];
  readMember(body: In): ReadingMember;
}

export function describeNewer({
  name,
  key,
  protocolType,
  readToMembers,
  readMember,
}: NewerForm): Api<readonly string[], DescribedGroup[]> {
  return {
    name,
    key,
    version: 0,
    flexible: true,
    write: (out, groups) =>
      out
        .values(groups, (g) => out.string(g))
        .boolean(false)
        .tags(),
    read(body) {
      body.throttleTime();
      return body.list(() => {
        const errorCode = body.int16();
        body.nullableString();
        const groupId = body.string();
        const state = groupState(body.string());
        body.int32();
        body.int32();
        const topics = readToMembers(body);
        const members = body.list(() => readMember(body));
        body.int32();
        return { errorCode, groupId, state, protocolType, ...withReads(members, topics) };
      });
    },
  };
}

/** ConsumerGroupDescribe v0 (KIP-848, Kafka 3.7 and later). */
export const describeConsumerGroups = describeNewer({
  name: "ConsumerGroupDescribe",
  key: 69,
  protocolType: "consumer",
  readToMembers(body) {
    body.string();
    return [];
  },
  readMember(body) {
    const memberId = body.string();
    body.nullableString();
    body.nullableString();
    body.int32();
    const member = { memberId, clientId: body.string(), clientHost: body.string() };
    body.values(() => body.string());
    body.nullableString();
    return { ...member, reads: [...readAssignment(body), ...readAssignment(body)] };
  },
});

function readAssignment(body: In): string[] {
  const topics = body.list(() => {
    body.id();
    const topic = body.string();
    body.int32s();
    return topic;
  });
  body.tags();
  return topics;
}

/** DeleteGroups v2 (Kafka 2.4 and later). */
export const deleteGroups: Api<readonly string[], { groupId: string; errorCode: number }[]> = {
  name: "DeleteGroups",
  key: 42,
  version: 2,
  flexible: true,
  write: (out, groups) => out.values(groups, (g) => out.string(g)).tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => ({ groupId: body.string(), errorCode: body.int16() }));
  },
};

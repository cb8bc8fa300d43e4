import { internalTopics, type InternalTopicKind, policyKind, targetTopicName } from "../naming";
import type { MirrorModel, Side } from "../model";
import { type Cover, coverPatternList, everything, holds, isEverything, withoutRedundant } from "./cover";
import {
  type AclOperation,
  type AclResource,
  type AclRule,
  allow,
  allows,
  cluster,
  group,
  mergeRules,
  topic,
  transactionalId,
} from "./rules";

export interface LeastAclOptions {
  /** Narrow topics and groups to those that the patterns can match. Default true; false gives `*`. */
  narrow?: boolean;
  /** `sync.topic.acls.enabled`: the mirror lists ACLs on the origin and creates them on the target. Default false. */
  syncTopicAcls?: boolean;
  /** Whether the source connector runs. Default true. */
  source?: boolean;
  /** Whether the checkpoint connector runs and emits checkpoints. Default true. */
  checkpoints?: boolean;
  /**
   * `sync.topic.configs.enabled`: the mirror changes the configuration of the target's topics when the origin's
   * changes. Default true.
   */
  syncTopicConfigs?: boolean;
  /** `emit.offset-syncs.enabled` (KIP-1031, Kafka 3.7). Default true. */
  offsetSyncs?: boolean;
}

/**
 * The minimum rights for MirrorMaker 2. We removed each operation alone and saw something break (Kafka 4.3.1). The
 * exception is Read on the checkpoints topic, which a worker needs only when it restarts. Read, Write, Delete and Alter
 * imply Describe; AlterConfigs implies DescribeConfigs. Cluster operations are included only if ACLs are copied. If the
 * patterns narrow the topics, the mirror's internal topics get their own rules.
 */
export function leastAcls(role: Side, mirror: MirrorModel, options: LeastAclOptions = {}): AclRule[] {
  const names = new MirroredNames(mirror, options.narrow ?? true);
  const chosen = { checkpoints: mirror.checkpoints !== false, ...options };
  return mergeRules(role === "origin" ? originRules(names, chosen) : targetRules(mirror, names, chosen));
}

/** The source connector writes offset syncs. The checkpoint connector reads them. */
function offsetSyncs(
  { source = true, checkpoints = true, offsetSyncs: emitted = true }: LeastAclOptions,
  ...order: AclOperation[]
): AclOperation[] {
  return order.filter((operation) => (operation === "Read" ? checkpoints : source && emitted));
}

function originRules(names: MirroredNames, options: LeastAclOptions): AclRule[] {
  const { source = true, checkpoints = true } = options;
  return [
    ...(source ? names.originTopics("Read", "DescribeConfigs") : []),
    ...names.internal("origin", { "offset-syncs": offsetSyncs(options, "Create", "Write", "Read") }),
    ...(checkpoints ? names.groups("Describe") : []),
    ...(options.syncTopicAcls ? [allow(cluster, "Describe")] : []),
  ];
}

function targetRules(mirror: MirrorModel, names: MirroredNames, options: LeastAclOptions): AclRule[] {
  const { source = true, checkpoints = true, syncTopicConfigs = true } = options;
  const syncsGroups = mirror.syncGroupOffsets && checkpoints;
  const data: AclOperation[] = [
    ...(syncsGroups ? (["Read"] as const) : []),
    ...(source ? (["Write", "Create", "Alter"] as const) : []),
    ...(source && syncTopicConfigs ? (["AlterConfigs"] as const) : []),
  ];
  const storage: AclOperation[] = ["Read", "Write", "Create"];
  return [
    ...(data.length === 0 ? [] : names.targetTopics(...data)),
    ...names.internal("target", {
      offsets: storage,
      configs: storage,
      status: storage,
      checkpoints: checkpoints ? ["Read", "Write", "Create"] : [],
      "offset-syncs": offsetSyncs(options, "Read", "Write", "Create"),
      heartbeats: ["Write", "Create"],
    }),
    ...(syncsGroups ? names.groups("Read", group(mirror.groupId)) : [allow(group(mirror.groupId), "Read")]),
    ...(mirror.exactlyOnce
      ? [
          allow(transactionalId(`connect-cluster-${mirror.groupId}`), "Write"),
          allow(transactionalId(`${mirror.groupId}-`, "prefix"), "Write"),
        ]
      : []),
    ...(options.syncTopicAcls ? [allow(cluster, "Alter")] : []),
  ];
}

/** The ACL names of the mirrored topics and groups on each side, and of the internal topics. */
export class MirroredNames {
  private readonly topicsAtOrigin: readonly Cover[];
  private readonly topicsAtTarget: readonly Cover[];
  private readonly groupNames: readonly Cover[];
  /** Kept across calls. An operation that the data topics' rules already grant is not repeated. */
  private readonly granted: Record<Side, { covers: readonly Cover[]; operations: Set<AclOperation> }>;

  constructor(
    private readonly mirror: MirrorModel,
    narrow: boolean,
  ) {
    const cover = (list: string) => (narrow ? coverPatternList(list) : [everything]);
    this.topicsAtOrigin = cover(mirror.topicsPattern);
    this.topicsAtTarget = narrow
      ? withoutRedundant(this.topicsAtOrigin.flatMap((c) => onTarget(mirror, c)))
      : [everything];
    this.groupNames = cover(mirror.groupsPattern);
    this.granted = {
      origin: { covers: this.topicsAtOrigin, operations: new Set() },
      target: { covers: this.topicsAtTarget, operations: new Set() },
    };
  }

  originTopics(...operations: AclOperation[]): AclRule[] {
    return this.data("origin", operations);
  }

  targetTopics(...operations: AclOperation[]): AclRule[] {
    return this.data("target", operations);
  }

  groups(operation: AclOperation, ...also: AclResource[]): AclRule[] {
    const extra = also.filter(
      (r) => !this.groupNames.some((c) => holds(c, { name: r.name!, patternType: r.patternType })),
    );
    return [...this.groupNames.map((c) => group(c.name, c.patternType)), ...extra].map((r) => allow(r, operation));
  }

  /** Rules for the internal topics of one side, without operations that the data topics' rules already grant. */
  internal(side: Side, wanted: Partial<Record<InternalTopicKind, readonly AclOperation[]>>): AclRule[] {
    return internalTopics(this.mirror)
      .filter((t) => t.side === side)
      .flatMap((t) => this.beside(side, t.name, wanted[t.kind] ?? []));
  }

  /** Rules for one additional topic of the target, without operations that the data topics' rules already grant. */
  targetTopic(name: string, ...operations: AclOperation[]): AclRule[] {
    return this.beside("target", name, operations);
  }

  private beside(side: Side, name: string, wanted: readonly AclOperation[]): AclRule[] {
    const { covers, operations } = this.granted[side];
    const covered = covers.some((c) => holds(c, { name, patternType: "literal" }));
    const missing = wanted.filter((o) => !(covered && allows([...operations], o)));
    return missing.length > 0 ? [allow(topic(name), ...missing)] : [];
  }

  private data(side: Side, operations: AclOperation[]): AclRule[] {
    const { covers, operations: granted } = this.granted[side];
    for (const o of operations) granted.add(o);
    return covers.map((c) => allow(topic(c.name, c.patternType), ...operations));
  }
}

/**
 * The matching names on the target. The default policy puts the origin's alias before every name. Apache's identity
 * policy renames topics that end in `heartbeats`, so a prefix can cover two forms there. The names of an unknown policy
 * are unknown, so they need `*`.
 */
function onTarget(mirror: MirrorModel, cover: Cover): Cover[] {
  const kind = policyKind(mirror);
  if (kind === "unknown") return [everything];
  if (isEverything(cover)) {
    const prefix = kind === "identity" ? "" : targetTopicName(mirror, "");
    return [prefix === "" ? everything : { name: prefix, patternType: "prefix" }];
  }
  if (cover.patternType === "literal") return [{ name: targetTopicName(mirror, cover.name), patternType: "literal" }];
  const plain = targetTopicName(mirror, cover.name);
  const renamed = targetTopicName(mirror, `${cover.name}heartbeats`).slice(0, -"heartbeats".length);
  return [plain, renamed].map((name) => ({ name, patternType: "prefix" }));
}

import { internalTopics, type InternalTopicKind, targetTopicName } from "../naming";
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
  /** Narrow topics and groups to what the patterns can match. Default true; false gives `*`. */
  narrow?: boolean;
  /** `sync.topic.acls.enabled`: the mirror then lists ACLs on the origin and makes them on the target. Default false. */
  syncTopicAcls?: boolean;
  /** Whether the source connector runs. Default true. */
  source?: boolean;
  /** Whether the checkpoint connector runs and emits checkpoints. Default true. */
  checkpoints?: boolean;
  /** `sync.topic.configs.enabled`: the mirror changes the target's topics when the origin's change. Default true. */
  syncTopicConfigs?: boolean;
  /** `emit.offset-syncs.enabled` (KIP-1031, Kafka 3.7). Default true. */
  offsetSyncs?: boolean;
}

/**
 * The least that MirrorMaker 2 needs: each operation taken away alone was seen to break something (Kafka 4.3.1), but for
 * Read on the checkpoints topic, which is read only when a worker starts again. Read, Write, Delete and Alter imply
 * Describe; AlterConfigs implies DescribeConfigs. No cluster operation is among them unless ACLs are copied.
 * Where the patterns narrow the topics, the mirror's internal topics get rules of their own.
 */
export function leastAcls(role: Side, mirror: MirrorModel, options: LeastAclOptions = {}): AclRule[] {
  const names = new MirroredNames(mirror, options.narrow ?? true);
  const chosen = { checkpoints: mirror.checkpoints !== false, ...options };
  return mergeRules(role === "origin" ? originRules(names, chosen) : targetRules(mirror, names, chosen));
}

/** The source connector writes offset syncs, the checkpoint connector reads them. */
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

/** The ACL names of what is mirrored, on each side, and of the internal topics beside them. */
export class MirroredNames {
  private readonly topicsAtOrigin: readonly Cover[];
  private readonly topicsAtTarget: readonly Cover[];
  private readonly groupNames: readonly Cover[];
  /** Kept from one call to the next: an operation that data topics have already need not be said again. */
  private readonly granted: Record<Side, { covers: readonly Cover[]; operations: Set<AclOperation> }>;

  constructor(
    private readonly mirror: MirrorModel,
    narrow: boolean,
  ) {
    const cover = (list: string) => (narrow ? coverPatternList(list) : [everything]);
    this.topicsAtOrigin = cover(mirror.topicsPattern);
    this.topicsAtTarget = withoutRedundant(this.topicsAtOrigin.flatMap((c) => onTarget(mirror, c)));
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

  /** Rules for the internal topics of one side, without what the data topics' rules give them anyway. */
  internal(side: Side, wanted: Partial<Record<InternalTopicKind, readonly AclOperation[]>>): AclRule[] {
    return internalTopics(this.mirror)
      .filter((t) => t.side === side)
      .flatMap((t) => this.beside(side, t.name, wanted[t.kind] ?? []));
  }

  /** Rules for one more topic of the target, without what the data topics' rules give it anyway. */
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
 * The same names on the target. Apache's identity policy renames topics that end in `heartbeats`, so a prefix can
 * stand for both forms there.
 */
function onTarget(mirror: MirrorModel, cover: Cover): Cover[] {
  if (isEverything(cover)) return [everything];
  if (cover.patternType === "literal") return [{ name: targetTopicName(mirror, cover.name), patternType: "literal" }];
  const plain = targetTopicName(mirror, cover.name);
  const renamed = targetTopicName(mirror, `${cover.name}heartbeats`).slice(0, -"heartbeats".length);
  return [plain, renamed].map((name) => ({ name, patternType: "prefix" }));
}

import type { AccessOptions } from "../../engine/access";
import { connectClusterShape } from "../../engine/connectors/types";
import { fenceShape, fenceTimesShape } from "../../engine/fence/types";
import type { GateOptions } from "../../engine/gate";
import { offsetShape } from "../../engine/offsets/types";
import type { PreflightOptions } from "../../engine/preflight";
import { replicationShape, replicationTimeShape } from "../../engine/replication/types";
import {
  checked,
  count,
  flag,
  fraction,
  list,
  objectOf,
  oneOf,
  recordOf,
  type Setting,
  type Shape,
  text,
  whole,
  withoutDefaults,
} from "../../engine/setting";
import { MOST_THREADS, type VerifyOptions } from "../../engine/verify/types";

/** One setting for each option, so that a new option is a mistake of the compiler until it is here. */
type ShapeOf<T> = { [K in keyof Required<T>]: Setting<any> };

const names = list(text).optional();
const milliseconds = whole(0).optional();
/** What only the stack writes. */
const fields = checked<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object",
).optional();
const sides = objectOf({ origin: flag.optional(), target: flag.optional() }).optional();

/** @see VerifyOptions. `mode` may be left out: then it is `tail` */
const verify: ShapeOf<VerifyOptions> = {
  mode: oneOf(["none", "tail", "sample", "full"]).default("tail"),
  tailRecords: count.optional(),
  countUpTo: whole(0).optional(),
  resumeFile: text.optional(),
  holeRecords: count.optional(),
  missProbability: fraction.optional(),
  seed: count.optional(),
  throttleBytesPerSecond: count.optional(),
  threads: whole(1, MOST_THREADS).optional(),
};

const gate: ShapeOf<GateOptions> = {
  limitMs: milliseconds,
  stableForMs: milliseconds,
  pollMs: milliseconds,
  graceMs: milliseconds,
  compareLastRecord: flag.optional(),
  strictConnectors: flag.optional(),
  acceptTruncation: names,
  cleared: recordOf(whole(0)).optional(),
  fenced: flag.optional(),
};

const factor = count.optional();
const preflight: ShapeOf<PreflightOptions> = {
  fence: flag.optional(),
  groups: names,
  users: fields,
  everyoneByDefault: sides,
  maxRequestSize: count.optional(),
  compressionType: text.optional(),
  configSync: fields,
  accept: names,
  moreRights: fields,
  storageReplicationFactor: factor,
  configStorageReplicationFactor: factor,
  statusStorageReplicationFactor: factor,
  checkpointsReplicationFactor: factor,
  offsetSyncsReplicationFactor: factor,
  heartbeatsReplicationFactor: factor,
  replication: fields,
};

const access: ShapeOf<AccessOptions & { mode: string }> = {
  mode: oneOf(["warn", "require", "none"]).optional(),
  ignore: names,
  groups: names,
  excludeGroups: names,
  everyoneByDefault: sides,
};

/** The blocks of `options` in a model file, in the form that the engine takes. */
export const OPTION_SHAPES: Record<string, Shape> = {
  preflight,
  gate,
  verify,
  offsets: withoutDefaults(offsetShape),
  replication: withoutDefaults({
    ...replicationShape,
    ...replicationTimeShape,
    onlyAdd: flag.optional(),
    leave: names,
  }),
  fence: withoutDefaults({ ...fenceShape, ...fenceTimesShape }),
  access,
};

const blocks = Object.fromEntries(Object.entries(OPTION_SHAPES).map(([name, shape]) => [name, objectOf(shape)]));

export const optionsCheck = objectOf({
  ...Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, block.optional()])),
  connectors: list(objectOf(connectClusterShape)).optional(),
});

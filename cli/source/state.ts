import type { AccessMode, AccessOptions } from "../../engine/access";
import type { ConnectCluster } from "../../engine/connectors";
import { MigrationError } from "../../engine/errors";
import type { TopicEnds } from "../../engine/fence";
import type { CopyEnds } from "../../engine/gate";
import type { Connection, MigrationModel, MirrorModel, Phase, Side } from "../../engine/model";
import { nearMiss } from "../../engine/near-miss";
import { waveOf } from "../../engine/parts";
import type { AppliedOffsets, OffsetOptions } from "../../engine/offsets";
import type { PreflightOptions } from "../../engine/preflight";
import { returnPause, type ReturnGate } from "../../engine/report";
import { type ConnectionSecrets, renewable } from "../../lifecycle/kubernetes/renewed";
import { operatorsOf, principalsOf } from "./users";
import { DEFAULT_OPTIONS, type Done, type LoadedMigration, type Options } from "./types";
import type { Plain, StepState } from "./types";
import type { RecordedTopics } from "../../engine/model";

/** Pulumi's key that marks a special value in an exported state, and the key's value for a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const TYPE = "pulumi-nodejs:dynamic/kafka-migration:";

/**
 * Finds the migration in the output of `pulumi stack export --show-secrets`.
 * @param wanted name of the migration; required if the stack has several
 * @param wave name of the wave. Absent: everything outside the waves
 * @throws MigrationError CLI_STACK_EMPTY, CLI_STACK_SEVERAL, CLI_STACK_FORMAT, CLI_WAVE
 */
export function migrationOf(exported: string, stack: string, wanted?: string, wave?: string): LoadedMigration {
  const steps = stepsOf(exported, stack);
  const owners = [...new Set(steps.filter((s) => s.props.originConnection !== undefined).map((s) => s.owner))];
  if (owners.length === 0) {
    throw new MigrationError("CLI_STACK_EMPTY", `stack "${stack}" has no migration in its state`, {
      fix: "run `pulumi up` in phase mirror first, select another stack with --stack, or use a model with --model",
    });
  }
  const owner = wanted ?? owners[0]!;
  if (!owners.includes(owner)) {
    const meant = nearMiss(owner, owners);
    throw new MigrationError(
      "CLI_STACK_SEVERAL",
      `stack "${stack}" has no migration "${owner}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`,
      { fix: `select one of ${owners.join(", ")} with --migration` },
    );
  }
  if (wanted === undefined && owners.length > 1) {
    throw new MigrationError(
      "CLI_STACK_SEVERAL",
      `stack "${stack}" has ${owners.length} migrations: ${owners.join(", ")}`,
      { fix: "select one of them with --migration" },
    );
  }
  const own = steps.filter((s) => s.owner === owner);
  // Use the name of the stack's own reports, so that the command continues with their files.
  const reported = own.find((s) => s.kind === "Report")?.props.name;
  const name = typeof reported === "string" ? reported : owners.length > 1 ? `${stack}/${owner}` : stack;
  return assemble(own, name, wave);
}

/** @throws MigrationError CLI_WAVE if there is no such wave */
function assemble(steps: readonly StepState[], name: string, wave: string | undefined): LoadedMigration {
  const waves = [...new Set(steps.flatMap((s) => waveOf(mirrorOf(s)) ?? []))];
  if (wave !== undefined && !waves.includes(wave)) throw noWave(wave, waves, name);
  const part = partOf(steps, wave);
  const source = part("Gate") ?? steps.find((s) => s.props.originConnection !== undefined)!.props;
  const preflight = part("Preflight", (p) => p.stage === "clusters");
  const options = <K extends keyof typeof DEFAULT_OPTIONS>(kind: K, props: Plain | undefined) =>
    (props?.options ?? DEFAULT_OPTIONS[kind]) as (typeof DEFAULT_OPTIONS)[K];
  return {
    name,
    ...(wave === undefined ? {} : { wave }),
    waves: waves.map((one) => {
      const part = partOf(steps, one);
      const gate = part("Gate");
      const scope = (gate?.mirror as MirrorModel | undefined)?.scope ?? { wave: one };
      const connectors = connectorsOf(part);
      return { name: one, scope, connectors, ...recordedTopics(gate?.topicIds), done: doneOf(part) };
    }),
    model: {
      origin: connectionOf(source, "origin"),
      target: connectionOf(source, "target"),
      mirror: source.mirror as MirrorModel,
      ...recordedTopics(part("Gate")?.topicIds),
      ...compact({ proved: part("Verification")?.provedEnds }),
    },
    options: {
      preflight: options("preflight", preflight),
      gate: options("gate", part("Gate")),
      verify: options("verify", part("Verification")),
      offsets: options("offsets", part("ConsumerOffsets")),
      replication: options("replication", part("Replication", isCutover)),
      fence: options("fence", part("Fence")),
      access: accessOptions(part),
      connectors: connectorsOf(part),
    },
    done: doneOf(part),
    principals: principalsOf(steps),
    operators: operatorsOf(part("Residue")),
    ...compact({ ownership: steps.find(({ kind }) => kind === "TopicResources")?.props.topics }),
  };
}

/** A password may have been rotated since the last `up`. A refused login reads it again. */
const connectionOf = (source: Plain, side: Side): Connection =>
  renewable(source[`${side}Connection`] as Connection, source[`${side}Secrets`] as ConnectionSecrets | undefined);

const mirrorOf = ({ props }: StepState): Pick<MirrorModel, "scope"> =>
  (props.mirror ?? {}) as Pick<MirrorModel, "scope">;

const isCutover = (props: Plain): boolean => props.when === "cutover";

/** Finds the steps of one part. Those of the whole mirror belong to every part. */
function partOf(steps: readonly StepState[], wave: string | undefined) {
  return (kind: string, so: (props: Plain) => boolean = () => true): Plain | undefined =>
    steps.find((s) => {
      const { scope } = mirrorOf(s);
      return s.kind === kind && so(s.props) && (scope === undefined || scope.wave === wave);
    })?.props;
}

const connectorsOf = (part: ReturnType<typeof partOf>) =>
  (part("ConnectorOffsets")?.connectors ?? []) as readonly ConnectCluster[];

function doneOf(part: ReturnType<typeof partOf>): Done {
  const [gate, offsets, fence, verification] = (["Gate", "ConsumerOffsets", "Fence", "Verification"] as const).map(
    (kind) => part(kind),
  );
  const preflight = part("Preflight", (p) => p.stage === "clusters");
  const replication = part("Replication", isCutover);
  const wayBack = part("WayBack");
  const access = part("Access");
  const connectors = part("ConnectorOffsets");
  return compact({
    // Only the step that moves the groups knows phase `consumers`.
    phase: (offsets?.phase === "consumers" ? offsets.phase : (gate?.phase ?? preflight?.phase)) as Phase | undefined,
    preflight: dated(preflight?.checkedAt, preflight?.result),
    access: dated(access?.checkedAt, access?.result),
    gate: gate?.result,
    originEnds: typeof wayBack?.openedAt === "string" ? undefined : originEnds(gate?.ends),
    abandonedAt: gate?.abandonedAt,
    fence: fence?.raised,
    verification: dated(verification?.verifiedAt, verification?.result),
    connectors: connectors?.copied ? compact({ at: connectors.copiedAt, copied: connectors.copied }) : undefined,
    offsets: offsets?.applied,
    replication: dated(replication?.resetAt, replication?.result),
    wayBack:
      wayBack &&
      compact({
        openedAt: wayBack.openedAt,
        returnedAt: wayBack.returnedAt,
        pause: returnPause(wayBack.gateResult as ReturnGate | null, wayBack.applied as AppliedOffsets | null),
      }),
  }) as Done;
}

function noWave(wave: string, waves: readonly string[], name: string): MigrationError {
  const meant = nearMiss(wave, waves);
  const near = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  return new MigrationError("CLI_WAVE", `migration "${name}" has no wave "${wave}"${near}`, {
    fix: waves.length === 0 ? "leave --wave out: it has no waves" : `name one of ${waves.join(", ")} with --wave`,
  });
}

/** The state of an older version has no step that compares access. */
function accessOptions(part: ReturnType<typeof partOf>): Options["access"] {
  const access = part("Access");
  if (access !== undefined) return { ...(access.options as AccessOptions), mode: access.mode as AccessMode };
  const { everyoneByDefault } = (part("Preflight", (p) => p.stage === "clusters")?.options ?? {}) as PreflightOptions;
  const { groups, excludeGroups } = (part("ConsumerOffsets")?.options ?? {}) as OffsetOptions;
  return compact({ everyoneByDefault, groups, excludeGroups });
}

/** The state of an older version has no topic ids. They are left out then. */
function recordedTopics(ids: unknown): Pick<MigrationModel, "recorded"> {
  return typeof ids === "object" && ids !== null && Object.keys(ids).length > 0
    ? { recorded: ids as RecordedTopics }
    : {};
}

function dated(at: unknown, result: unknown): { at: string; result: unknown } | undefined {
  return typeof at === "string" && result !== null && result !== undefined ? { at, result } : undefined;
}

function originEnds(ends: unknown): TopicEnds | undefined {
  if (typeof ends !== "object" || ends === null) return undefined;
  return Object.fromEntries(Object.entries(ends as CopyEnds).map(([topic, at]) => [topic, at.originEnds]));
}

function compact(fields: Plain): Plain {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

function stepsOf(exported: string, stack: string): StepState[] {
  let resources: Plain[];
  try {
    const { deployment } = JSON.parse(exported) as { deployment?: { resources?: Plain[] } };
    resources = deployment?.resources ?? [];
  } catch {
    // The parser's own message would quote the state, including its secrets.
    throw new MigrationError("CLI_STACK_FORMAT", `the state of stack "${stack}" is not JSON`, {
      fix: "run `pulumi stack export` and check its output",
    });
  }
  return resources
    .filter((r) => typeof r.type === "string" && r.type.startsWith(TYPE) && r.delete !== true)
    .map((r) => {
      const props = { ...(reveal(r.inputs) as Plain | undefined), ...(reveal(r.outputs) as Plain | undefined) };
      const kind = String(r.type).slice(TYPE.length);
      return { kind, owner: ownerOf(r), props };
    });
}

/** The component's name. For a step without a component, the name is empty and stands for the stack. */
function ownerOf(resource: Plain): string {
  const [, type = "", name = ""] = /::([^:]*(?::[^:]+)*)::([^:]+)$/.exec(String(resource.parent ?? "")) ?? [];
  return type.startsWith("pulumi:pulumi:Stack") ? "" : name;
}

/** Shows secrets as plain values, also inside objects and lists. */
export function reveal(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reveal);
  const object = value as Plain;
  if (object[SIGNATURE] === SECRET) {
    if (typeof object.plaintext !== "string") {
      throw new MigrationError("CLI_STACK_FORMAT", "the stack's state contains a secret that Pulumi did not decrypt", {
        fix:
          "use a version of Pulumi with `stack export --show-secrets`, and make the stack's passphrase or key " +
          "available",
      });
    }
    return reveal(JSON.parse(object.plaintext));
  }
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, reveal(inner)]));
}

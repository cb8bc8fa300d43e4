import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { registerCodecs } from "../estate/codecs";
import { applicationClient, seedEstate, type Seeded } from "../estate/seed";
import { type LiveProducer, startProducers } from "../estate/applications";
import type { EstateUser } from "../estate/users";
import { estateGroups, estateTopics, type EstateGroup, type EstateTopic } from "../estate/topics";
import type { Sandbox } from "../start";
import { ensureParts } from "../parts";
import { supervise } from "../processes";
import { secretValues, servedDialect } from "./kubernetes";
import { factors, present, residueIn } from "./present";
import { openProject, ownProject, type Project, type RunOptions, type Settings } from "./project";
import { storySettings } from "./settings";
import { clientSettings, createUsers, isOfUser } from "./users";
import { inWave, moveWave, waveSettings } from "./wave";
import { listEverything, type Mismatch, removeEstate, resumeGroup, type Stopped, stopGroup } from "./witness";

export interface StoryOptions {
  sandbox: Sandbox;
  bulkBytes: number;
  topics?: EstateTopic[];
  groups?: EstateGroup[];
  /** Users of applications that move with the migration. Default none. */
  users?: readonly EstateUser[];
  /**
   * Called when the mirror runs. Returns the configuration with which the next `up` declares the users. Default: they
   * are written by hand, and the first `up` declares them.
   */
  declareUsers?: (project: Project) => Promise<Settings>;
  /** True: an operator of Event Streams manages the origin's users. Default false. */
  eventStreams?: boolean;
  signal?: AbortSignal;
  /** Also run Pulumi's previews. Default false. */
  previews?: boolean;
  progress: (line: string) => void;
}

export interface StoryResult {
  seeded: Seeded;
  /** Number of records that applications wrote while the mirror ran. */
  live: number;
  outputs: Record<string, unknown>;
  groups: number;
  partitionsResumed: number;
  mismatches: Mismatch[];
  replicationBefore: Record<string, number>;
  replicationAfter: Record<string, number>;
  topicsMigrated: number;
  topicsMissing: string[];
  residue: string[];
  /** Output of the preview before the cutover. */
  cutoverPreview: string;
  /** Output of the preview of a second up in phase cutover. */
  idlePreview: string;
  /** Output of the preview of the destroy. */
  destroyPreview: string;
  /** The exported state after each phase. */
  states: string[];
  /** The two files of the report after each phase and after the destroy. */
  reports: StoryReport[];
  /** Every secret value that existed, so that tests can search for leaks. */
  secrets: string[];
  /** Passwords of the users of applications, as the origin's operator made them. */
  passwords: ReadonlyMap<string, string>;
}

export interface StoryReport {
  json: string;
  html: string;
}

/** Topics to which applications keep writing while the mirror runs. */
const LIVE = ["clicks", "orders"];

/**
 * Runs the whole migration of an estate through the real command line, with applications and an independent witness.
 */
export async function runStory(options: StoryOptions): Promise<StoryResult> {
  const { sandbox, progress } = options;
  const topics = options.topics ?? estateTopics();
  registerCodecs();
  const origin = applicationClient(sandbox.origin.connection, "applications");
  const step = timed(progress);

  const before = await present(
    sandbox,
    topics.map((t) => t.name),
  );
  const seeded = await step("seeding the origin", () => seed(options, topics));
  const { users = [] } = options;
  const passwords =
    users.length === 0
      ? new Map<string, string>()
      : await step("users of applications on the origin", () =>
          createUsers(sandbox, users, options.eventStreams === true),
        );
  const live = topics.filter((topic) => LIVE.includes(topic.name));
  const write = (to: EstateTopic[]) =>
    startProducers(
      origin,
      to.map(({ name }) => name),
      100,
      options.signal,
    );
  const ofWave = await write(live.filter(inWave));
  const producers = await write(live.filter((topic) => !inWave(topic)));
  try {
    return await migrate(options, { topics, before, seeded, passwords, ofWave, producers, step });
  } finally {
    // The producers have already stopped, unless an earlier step failed.
    await Promise.allSettled([ofWave.stop(), producers.stop()]);
  }
}

interface Running {
  topics: EstateTopic[];
  before: Awaited<ReturnType<typeof present>>;
  seeded: Seeded;
  passwords: ReadonlyMap<string, string>;
  /** Writes to the topics of the wave. */
  ofWave: LiveProducer;
  /** Writes to the other live topics. */
  producers: LiveProducer;
  step: ReturnType<typeof timed>;
}

async function migrate(
  options: StoryOptions,
  { topics, before, seeded, passwords, ofWave, producers, step }: Running,
): Promise<StoryResult> {
  const { sandbox, progress } = options;
  const names = topics.map((t) => t.name);
  const groups = options.groups ?? estateGroups();
  const origin = applicationClient(sandbox.origin.connection, "applications");
  const target = applicationClient(sandbox.target.connection, "applications");
  const project = await step("a Pulumi stack", () =>
    story(
      sandbox,
      names,
      groups.map((g) => g.groupId),
      {
        ...waveSettings(topics, groups, "mirror"),
        ...(options.declareUsers === undefined ? clientSettings(options.users) : {}),
      },
      options.eventStreams === true ? { dialect: "event-streams-v1beta2" } : {},
    ),
  );
  const run: RunOptions = { onLine: stepLines(progress), ...(options.signal ? { signal: options.signal } : {}) };
  await step("pulumi up, phase mirror", () => project.up(run));

  const { declareUsers } = options;
  if (declareUsers !== undefined)
    await step("users of applications", async () => project.set(await declareUsers(project)));

  const states = [await project.exported()];
  const reports = [await report(project, reportFolder(sandbox))];
  // Read only what is necessary from a cluster of the user.
  const { kubernetes } = sandbox;
  const secrets =
    kubernetes === undefined ? [] : [...(await secretValues(kubernetes)), kubernetes.token, ...administrators(sandbox)];

  const wave = await moveWave({ project, origin, target, topics, groups, producers: ofWave, run, step });
  const sent = await step("applications stop on the origin", () => producers.stop());
  const stopped: Stopped[] = [];
  await step("consumer groups stop where they are", async () => {
    const moved = wave.stopped.map((one) => one.group);
    const rest = groups.filter((group) => !moved.includes(group));
    stopped.push(...(await inLanes(rest, (group) => stopGroup(origin, group))));
  });
  const replicationBefore = await factors(sandbox.target, names);

  await project.set({ phase: "cutover" });
  const cutoverPreview = options.previews
    ? (await step("pulumi preview, phase cutover", () => project.preview())).stdout
    : "";
  await step("pulumi up, phase cutover", () => project.up(run));
  const outputs = await project.outputs();
  states.push(await project.exported());
  reports.push(await report(project, reportFolder(sandbox)));
  const destroyPreview = options.previews ? (await project.previewDestroy()).stdout : "";
  const idlePreview = options.previews ? (await project.preview()).stdout : "";
  const replicationAfter = await factors(sandbox.target, names);

  const mismatches: Mismatch[] = [...wave.mismatches];
  await step("applications resume on the target", async () => {
    mismatches.push(...(await inLanes(stopped, (one) => resumeGroup(target, one))).flat());
  });

  await project.set({ phase: "cleanup" });
  await step("pulumi up, phase cleanup", () => project.up(run));
  states.push(await project.exported());
  reports.push(await report(project, reportFolder(sandbox)));
  await step("pulumi destroy", () => project.destroy(run));
  reports.push(await report(project, reportFolder(sandbox)));

  stopped.push(...wave.stopped);
  const { topics: atTarget } = await listEverything(sandbox.target);
  const left = await residueIn(
    sandbox,
    names,
    stopped.map((s) => s.group.groupId),
  );
  for (const side of ["origin", "target"] as const) {
    if (sandbox[side].existed)
      await step(`removing the estate from the ${side}`, () =>
        removeEstate(
          sandbox[side],
          names,
          groups.map((g) => g.groupId),
        ),
      );
  }
  return {
    seeded,
    live: sent + wave.sent,
    cutoverPreview,
    idlePreview,
    destroyPreview,
    states,
    reports,
    secrets,
    outputs,
    groups: stopped.length,
    partitionsResumed: stopped.reduce((sum, s) => sum + s.next.size, 0),
    mismatches,
    replicationBefore,
    replicationAfter,
    topicsMigrated: names.filter((name) => atTarget.has(name)).length,
    topicsMissing: names.filter((name) => !atTarget.has(name)),
    residue: left.filter((one) => !before.includes(one) && !isOfUser(one, options.users)),
    passwords,
  };
}

const administrators = ({ origin, target }: Sandbox): string[] => [origin.admin.password, target.admin.password];

const reportFolder = ({ folder }: Sandbox) => join(folder, "report");

async function seed({ sandbox, bulkBytes, progress }: StoryOptions, topics: EstateTopic[]): Promise<Seeded> {
  const parts = await ensureParts(["java", "kafka"], progress);
  const supervisor = supervise(join(sandbox.folder, "seed"));
  const folder = join(sandbox.folder, "seed");
  return seedEstate({
    connection: sandbox.origin.connection,
    supervisor,
    parts: { java: parts.java.path, kafka: parts.kafka.path },
    folder,
    bulkBytes,
    topics,
    progress,
  });
}

async function story(
  sandbox: Sandbox,
  topics: string[],
  groups: string[],
  more: Settings,
  ofOrigin: Settings,
): Promise<Project> {
  const project = await openProject(sandbox.pulumi!, ownProject(join(sandbox.folder, "project")), "sandbox", () => {});
  const chosen = sandbox.origin.existed || sandbox.target.existed ? { topics, groups } : {};
  const settings = {
    ...storySettings({
      ...chosen,
      // The sandbox's own API server serves the default dialect.
      ...(sandbox.kubernetes === undefined ? { dialect: await servedDialect(sandbox) } : {}),
      origin: sandbox.origin,
      target: sandbox.target,
      originBootstrap: sandbox.origin.connection.bootstrapServers,
      targetBootstrap: sandbox.target.connection.bootstrapServers,
      kubeconfig: sandbox.kubeconfig!,
      report: reportFolder(sandbox),
    }),
    ...more,
  };
  await project.set({ ...settings, origin: { ...(settings.origin as Settings), ...ofOrigin } });
  return project;
}

async function report({ stack }: Project, folder: string): Promise<StoryReport> {
  const [json, html] = await Promise.all(
    (["json", "html"] as const).map((kind) => readFile(join(folder, `migration-${stack}.${kind}`), "utf8")),
  );
  return { json: json!, html: html! };
}

const STEPS =
  "preflight|fence|gate|verification|connector-offsets|consumer-offsets|replication|mirror-gone|internal-topic|" +
  "checkpoints-topic|report|residue|ready";

/** Filters Pulumi's output: passes on the lines of the migration's steps, each once. */
function stepLines(progress: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    const found = new RegExp(`pulumi:Stack \\S+ .*?((?:${STEPS}): .*)$`).exec(line)?.[1];
    // Continuation lines with a list are only useful in the full output.
    if (found === undefined || said.has(found) || /^[\w-]+: {2}/.test(found)) return;
    said.add(found);
    progress(`  ${found}`);
  };
}

const LANES = 4;

/** Runs several at a time and returns the results in order. Joining a group is mostly waiting. */
async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

function timed(progress: (line: string) => void) {
  return async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begun = Date.now();
    progress(`${what} ...`);
    const result = await work();
    progress(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    return result;
  };
}

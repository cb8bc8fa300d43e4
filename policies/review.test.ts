import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readPreview } from "./review/events";
import { code, fitted, inline, LIMIT } from "./review/markdown";
import { annotations, comment, MARK, passed } from "./review/report";
import { hider, runPulumi } from "./review/pulumi";

/** Recorded from the real command line: a migration that is abandoned before any resource exists. */
const recorded = readFileSync(join(__dirname, "../test/fixtures/review/preview.jsonl"), "utf8");
const clean = recorded.replaceAll(/\{"policyEvent.*\n/g, "").replaceAll(/\{"diagnosticEvent.*\n/g, "");
/** The same resources in two other previews: all of them are deleted, or all are deployed and nothing changes. */
const down = clean.replaceAll('"op":"create"', '"op":"delete"');
const deployed = clean.replaceAll('"op":"create"', '"op":"same"');
const docs = "docs/policies.md";
const read = (stream: string, failure?: string) =>
  readPreview({ stream, ...(failure === undefined ? {} : { failure }) });
const reviewed = (stream: string) => comment(read(stream), docs);
const failing = (message: string) => `${JSON.stringify({ diagnosticEvent: { severity: "error", message } })}\n`;
const finding = (message: string, level = "advisory") =>
  `${JSON.stringify({ policyEvent: { policyName: "a-rule", enforcementLevel: level, message } })}\n`;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "review-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts an executable with this name first in the PATH. */
function pretend(name: string, script: string): NodeJS.ProcessEnv {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
}

describe("a recorded preview", () => {
  const preview = read(recorded);

  test("is read as the plan, and the findings without the policy's description", () => {
    expect(preview.steps.map((s) => s.op)).toEqual(Array(28).fill("create"));
    expect(preview.findings.map((f) => [f.level, f.rule])).toEqual([
      ["advisory", "pattern-swallows"],
      ["advisory", "storage-topics-in-pattern"],
      ["advisory", "internal-replication-one"],
      ["mandatory", "gate-abandoned"],
    ]);
    expect(preview.findings[3]!.message).toMatch(/^Gate orders-gate: the gate is told to let everything pass/);
    expect(preview.finished).toBe(true);
    expect(passed(preview)).toBe(false);
  });

  test("becomes annotations of one escaped line each", () => {
    const lines = annotations({ ...preview, errors: ["50% of\nit, failed: x"] }, "Pulumi.yaml");
    expect(lines[0]).toBe("::error file=Pulumi.yaml,title=pulumi preview::50%25 of%0Ait, failed: x");
    expect(lines.filter((l) => l.startsWith("::warning"))).toHaveLength(3);
    expect(lines.at(-1)).toMatch(/^::error file=Pulumi.yaml,title=gate-abandoned::Gate orders-gate/);
    for (const line of lines) expect(line).not.toContain("\n");
  });

  test("becomes one comment: verdict, mandatory findings first, the plan, later deletions", () => {
    const text = comment(preview, docs);
    expect(text.startsWith(MARK)).toBe(true);
    expect(text).toContain("**Do not run this migration as it is**: 1 mandatory finding, 0 errors.");
    expect(text.indexOf("gate-abandoned")).toBeLessThan(text.indexOf("pattern-swallows"));
    expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
    expect(text).toContain("(topic migration-connect-cluster-status on the target)");
    expect(text).not.toContain("components:");
    expect(text).toContain("### What this update deletes\n\nNothing.");
    expect(text).toMatch(/when the mirror is removed .* `mm2-offset-syncs.target-cluster.internal` on the origin/);
    // Each row of a table is one line with three cells.
    for (const line of text.split("\n").filter((l) => l.startsWith("| ")))
      expect(line.replaceAll("\\|", "").split("|")).toHaveLength(5);
  });

  test("with deletions says what is deleted and when", () => {
    const preview = read(down);
    const text = comment(preview, docs);
    expect(passed(preview)).toBe(true);
    expect(text).toContain("**No mandatory finding for this migration**.");
    expect(text).toContain("After everything above, in reverse order of dependency");
    expect(text).toContain(
      "| delete | InternalTopic | orders-target-migration-connect-cluster-offsets (topic " +
        "migration-connect-cluster-offsets on the target) |",
    );
    expect(text).not.toContain("What is deleted later");
  });

  test("that ended early is not passed, whatever it found until then", () => {
    const cut = read(down.replaceAll(/\{"summaryEvent.*\n/g, ""));
    expect(passed(cut)).toBe(false);
    expect(comment(cut, docs)).toContain("the preview did not finish");
    expect(passed(read(""))).toBe(false);
  });
});

describe("the section about later deletions", () => {
  test("is also there for a deployed stack whose resources do not change", () => {
    const text = reviewed(
      deployed.replace(
        '"op":"same","urn":"urn:pulumi:test::review-test::kafka-migration:components:Migration$pulumi-nodejs:dynamic/kafka-migration:Gate',
        (whole) => whole.replace("same", "update"),
      ),
    );
    expect(text).toContain("| update | Gate | orders-gate |");
    expect(text).not.toContain("| same |");
    expect(text).toMatch(/and when nothing uses them: .*`mm2-offset-syncs.target-cluster.internal` on the origin/);
    expect(reviewed(deployed)).not.toContain("creates and changes");
  });

  test("names the mirror and the Secrets", () => {
    expect(reviewed(deployed)).toMatch(
      /with the mirror or with `pulumi destroy`: .*Secret `orders-origin-ca`.*KafkaMirrorMaker2 `orders-mirror`/,
    );
    expect(reviewed(deployed)).not.toContain("nothing else");
  });

  test.each([
    ["when-applied", "when its offsets have been applied"],
    ["always", "whether its offsets were applied or not"],
    ["never", "it stays on the target"],
  ])("follows the checkpoints' mode %s", (mode, says) => {
    expect(
      reviewed(deployed.replace('"mode":"always"', `"mode":"${mode}"`))
        .split("\n")
        .find((l) => l.includes("checkpoints topic")),
    ).toContain(says);
  });

  test("promises no gate for an abandoned migration", () => {
    expect(reviewed(deployed)).toContain("without the gate, because the migration is abandoned");
    expect(reviewed(deployed.replace('"abandon":true', '"abandon":false'))).toContain(
      "`pulumi destroy`), after the gate and",
    );
  });
});

describe("a failed preview", () => {
  test("that ends in the middle of a line still becomes a comment, and is not passed", () => {
    const cut = read(down.slice(0, -40));
    expect(cut.errors).toEqual(["Pulumi's stream of events ends in the middle of a line"]);
    expect(passed(cut)).toBe(false);
    expect(comment(cut, docs)).toContain("the policies were not evaluated, 1 error, and the preview did not finish");
  });

  test("with an error says that the policies were not evaluated, not that there are no findings", () => {
    expect(reviewed(failing("the program threw") + clean)).toContain("the policies were not evaluated, 1 error.");
    expect(reviewed(failing("the program threw") + finding("x", "mandatory") + clean)).toContain(
      "1 mandatory finding, 1 error.",
    );
  });

  test("without any output gives Pulumi's reason, without secrets", () => {
    const secrets = ["a-token-of-mine", "pw-in-url", "hunter2", "c2VjcmV0", "pass-of-env"];
    const env = pretend(
      "pulumi",
      `cat >&2 <<'END'\nerror: no stack named 'nope' found\nhttps://me:pw-in-url@host password="hunter2" ` +
        `Authorization: Bearer a-token-of-mine\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE ` +
        `KEY-----\nknown: pass-of-env\nEND\nexit 6`,
    );
    const preview = readPreview(
      runPulumi(["preview"], folder, env),
      hider({ PULUMI_CONFIG_PASSPHRASE: "pass-of-env", HOME: "found" }),
    );
    const text = comment(preview, docs);
    expect(passed(preview)).toBe(false);
    expect(text).toContain("the policies were not evaluated, 0 errors, Pulumi failed, and the preview did not finish");
    expect(text).toContain(
      "### Why Pulumi failed\n\n```text\npulumi ended with exit code 6\nerror: no stack named 'nope' found\n",
    );
    expect(text).toContain("Unknown: the preview did not finish.");
    for (const secret of secrets) expect(text + annotations(preview, "f").join()).not.toContain(secret);
    expect(annotations(preview, "f")[0]).toMatch(/^::error .*exit code 6%0Aerror: no stack/);
  });

  test("keeps the end of Pulumi's output, and says if Pulumi did not start or was killed", () => {
    const long = runPulumi([], folder, pretend("pulumi", "printf '%03000d\\nthe reason\\n' 0 >&2; exit 1")).failure!;
    expect(long.length).toBeLessThan(2_100);
    expect(long).toMatch(/^pulumi ended with exit code 1\n…\n[^]*the reason$/);
    expect(runPulumi([], folder, pretend("pulumi", "kill -9 $$")).failure).toBe("pulumi was stopped by SIGKILL");
    expect(runPulumi([], folder, { PATH: join(folder, "nowhere") }).failure).toMatch(/could not be started: .*ENOENT/);
  });

  test("with exit code 1 needs no other reason if it has findings, and is not passed if it has none", () => {
    expect(read(recorded, "pulumi ended with exit code 1").failure).toBeUndefined();
    expect(passed(read(clean, "pulumi ended with exit code 1"))).toBe(false);
  });

  test("hides the job's secrets in errors and findings", () => {
    const { errors, findings } = readPreview(
      { stream: failing("bad s3cret!") + finding("d\nsays s3cret!") + clean },
      hider({ SOME_PASSWORD: "s3cret!", MY_KEY: "a" }),
    );
    expect([errors, findings.map((f) => f.message)]).toEqual([["bad ***"], ["says ***"]]);
  });
});

describe("the Markdown", () => {
  test("shows values as they are", () => {
    expect(inline("mm2.*\\.internal,.*\\.replica|a_b _c_ `d` <e> &f;")).toBe(
      "mm2.\\*\\\\.internal,.\\*\\\\.replica\\|a_b \\_c\\_ \\`d\\` &lt;e&gt; &amp;f;",
    );
    expect(inline("![x](https://evil.example) [y](z) @team #12\nwww.a.b")).toBe(
      "!\\[x\\](https:&#8203;//evil.example) \\[y\\](z) @&#8203;team #&#8203;12 www&#8203;.a.b",
    );
    expect(code("a.*\\.b")).toBe("`a.*\\.b`");
    expect(code("a`b``")).toBe("``` a`b`` ```");
  });

  test("escapes markup in names of resources and messages of rules", () => {
    const text = reviewed(
      finding("d\n[click](https://evil.example) @octocat") +
        deployed.replaceAll("orders-mirror", "![i](//evil)@octocat"),
    );
    expect(text.replaceAll(/`[^`]*`/g, "")).not.toMatch(/(?<!\\)\](?=\((?!docs\/))|@octocat|https:\/\//);
  });

  test("fits into GitHub's limit: only the longest part is cut, with a note", () => {
    const text = reviewed(
      Array.from({ length: 900 }, (_, i) => finding(`d\n${i} ${"long ".repeat(60)}`)).join("") + clean,
    );
    expect(text.length).toBeLessThanOrEqual(LIMIT);
    expect(text.length).toBeGreaterThan(LIMIT / 2);
    expect(text).toMatch(/\*\d+ more lines left out, because GitHub limits a comment's length.\*/);
    expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
    expect(text).toContain("What is deleted later");
    expect(reviewed(finding(`d\n${"@".repeat(100_000)}`) + clean).length).toBeLessThan(LIMIT);
    expect(fitted(["x".repeat(70_000)])).toHaveLength(LIMIT);
  });
});

describe("the workflow", () => {
  interface WorkflowStep {
    name?: string;
    uses?: string;
    run?: string;
    with?: Record<string, unknown>;
    env?: Record<string, string>;
  }
  interface Job {
    if?: string;
    env?: object;
    permissions?: object;
    steps: WorkflowStep[];
  }
  const source = readFileSync(join(__dirname, "../.github/workflows/review-migration.yml"), "utf8");
  const workflow = parse(source) as {
    on: object;
    permissions: object;
    concurrency: Record<string, unknown>;
    env?: object;
    jobs: Record<string, Job>;
  };
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test("gives each job and step only what it needs", () => {
    expect(Object.keys(workflow.on)).toEqual(["pull_request"]);
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.review!.permissions).toEqual({ contents: "read", "pull-requests": "write" });
    expect(workflow.jobs.rehearse!.permissions).toEqual({ contents: "read" });
    expect(workflow.jobs["without-secrets"]!.permissions).toBeUndefined();
    expect([workflow.env, ...jobs.map((job) => job.env)].every((env) => env === undefined)).toBe(true);
    for (const step of steps.filter((s) => JSON.stringify(s).includes("secrets.")))
      expect(["Preview", "Credentials", "Preview the phase cutover", "Measure the cutover"]).toContain(step.name);
    for (const step of steps.filter((s) => s.uses?.startsWith("actions/checkout")))
      expect(step.with).toEqual({ "persist-credentials": false });
    expect(workflow.concurrency).toEqual({
      group: "review-migration-${{ github.event.pull_request.number }}",
      "cancel-in-progress": true,
    });
  });

  test("runs only if there are secrets, and says so otherwise", () => {
    expect(workflow.jobs.review!.if).toContain("head.repo.full_name == github.repository");
    expect(workflow.jobs["without-secrets"]!.if).toContain("head.repo.full_name != github.repository");
  });

  test("runs only scripts that the build creates", () => {
    for (const script of steps
      .flatMap((s) => [...(s.run ?? "").matchAll(/node dist\/(\S+)\.js/g)])
      .map(([, file]) => `${file}.ts`))
      expect(existsSync(join(__dirname, "..", script)), script).toBe(true);
  });

  test.each([
    ["edits the comment that has the mark", "7\n9", "--method PATCH repos/o/r/issues/comments/7 "],
    ["creates a comment if none has the mark", "", "--method POST repos/o/r/issues/5/comments "],
  ])("%s", (_, ids, call) => {
    const log = join(folder, "calls");
    const env = pretend("gh", `echo "$MARK $*" >> ${log}\ncase "$*" in *--paginate*) printf '${ids}';; esac`);
    writeFileSync(join(folder, "review.md"), reviewed(clean));
    const { run } = workflow.jobs.review!.steps.find((s) => s.name === "Comment")!;
    execFileSync("bash", ["-e", "-c", run!], {
      env: {
        ...env,
        RUNNER_TEMP: folder,
        GITHUB_STEP_SUMMARY: join(folder, "summary"),
        GITHUB_REPOSITORY: "o/r",
        NUMBER: "5",
      },
    });
    const [found, written, ...rest] = readFileSync(log, "utf8").trim().split("\n");
    expect(found).toContain(
      `${MARK} api --paginate repos/o/r/issues/5/comments?per_page=100 --jq .[] | select(.user.login == ` +
        `"github-actions[bot]" and (.body | startswith(env.MARK))) | .id`,
    );
    expect(written).toContain(`${call}-F body=@${join(folder, "review.md")}`);
    expect(rest).toEqual([]);
    expect(readFileSync(join(folder, "summary"), "utf8")).toContain(MARK);
  });
});

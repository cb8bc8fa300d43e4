import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { readPreview } from "./events";
import { annotations, comment, passed } from "./report";
import { hider, type PulumiResult, runPulumi } from "./pulumi";

const USAGE = `Previews the stack with the policy pack and writes the review.

  --cwd DIR        the Pulumi project's folder (default: here)
  --stack NAME     default: the selected one
  --pack DIR       the policy pack (default: this package's)
  --pack-config F  its configuration
  --comment FILE   file for the Markdown comment (default: standard output)
  --docs URL       address of docs/policies.md
  --rehearse       also read both clusters (needs network access and credentials)
  --from FILE      review this stream of events instead of running a preview

Annotations go to standard output. Exit code 1: a mandatory finding or an error. Exit code 2: wrong usage.
`;

const OPTIONS = {
  cwd: { type: "string", default: process.cwd() },
  stack: { type: "string" },
  pack: { type: "string", default: dirname(__dirname) },
  "pack-config": { type: "string" },
  comment: { type: "string" },
  docs: { type: "string", default: "docs/policies.md" },
  rehearse: { type: "boolean", default: false },
  from: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const parsed = () => parseArgs({ options: OPTIONS }).values;
type Values = ReturnType<typeof parsed>;

function previewed(values: Values): PulumiResult {
  const { stack, pack, "pack-config": config, cwd } = values;
  const args = [
    "preview",
    "--json",
    "--non-interactive",
    "--policy-pack",
    pack,
    ...(config ? ["--policy-pack-config", config] : []),
    ...(stack ? ["--stack", stack] : []),
  ];
  // Without --rehearse the preview does not connect to the clusters. The job of a pull request has no credentials for
  // them.
  return runPulumi(args, cwd, {
    ...process.env,
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
    ...(values.rehearse ? {} : { KAFKA_MIGRATION_OFFLINE: "true" }),
  });
}

function review(values: Values): void {
  const preview = readPreview(
    values.from === undefined ? previewed(values) : { stream: readFileSync(values.from, "utf8") },
    hider(process.env),
  );
  for (const line of annotations(preview, "Pulumi.yaml")) process.stdout.write(`${line}\n`);
  const text = comment(preview, values.docs);
  if (values.comment === undefined) process.stdout.write(text);
  else writeFileSync(values.comment, text);
  process.exitCode = passed(preview) ? 0 : 1;
}

try {
  const values = parsed();
  if (values.help) process.stdout.write(USAGE);
  else review(values);
} catch (error) {
  // An unknown option, or a file that cannot be read or written. Node's message names it.
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (!/^(ERR_PARSE_ARGS_|E[A-Z]+$)/.test(code)) throw error;
  process.stderr.write(`REVIEW_USAGE: ${message}\nfix: correct it; --help lists the options\n`);
  process.exitCode = 2;
}

import { spawnSync } from "node:child_process";

/** The result of `pulumi preview`. */
export interface PulumiResult {
  stream: string;
  /** Absent if it ended with exit code 0. */
  failure?: string;
}

const TAIL = 2_000;

export function runPulumi(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): PulumiResult {
  const { error, status, signal, stdout, stderr } = spawnSync("pulumi", args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 256 * 1024 * 1024,
  });
  process.stderr.write(stderr ?? "");
  if (error === undefined && status === 0) return { stream: stdout };
  const how =
    error !== undefined
      ? `pulumi could not be started: ${error.message}`
      : signal !== null
        ? `pulumi was stopped by ${signal}`
        : `pulumi ended with exit code ${status}`;
  return { stream: stdout ?? "", failure: `${how}\n${tail(stderr ?? "")}`.trim() };
}

/** The last part of Pulumi's output, without colours and without anything that looks like a secret. */
function tail(said: string): string {
  const text = unsecret(said.replace(/\u001b\[[0-9;]*m/g, "")).trim();
  return text.length <= TAIL ? text : `…${text.slice(-TAIL).replace(/^[^\n]*\n/, "\n")}`;
}

function unsecret(text: string): string {
  return text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, "***")
    .replace(/:\/\/[^\s/@]+@/g, "://***@")
    .replace(/\b(bearer\s+)\S+/gi, "$1***")
    .replace(/\bpul-[0-9a-f]{16,}/gi, "***")
    .replace(/([\w-]*(?:password|passphrase|secret|token)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;]+)/gi, "$1***");
}

/** Removes the values of this process's secret variables from a text. */
export function hider(env: NodeJS.ProcessEnv): (text: string) => string {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) =>
      /PASS|SECRET|TOKEN|KEY|CREDENTIAL/i.test(name) && value !== undefined && value.trim().length >= 4
        ? [value.trim()]
        : [],
    )
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

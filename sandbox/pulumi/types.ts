export interface PulumiEnvironmentOptions {
  /** Folder of the Pulumi home, the file backend and the passphrase. Created if absent. */
  folder: string;
  /** Paths of the programs. Default: `ensureParts`. */
  parts?: PulumiParts;
  /** True: use the sandbox's stand-in for the kubernetes plugin even if the real plugin is installed. Default false. */
  standIn?: boolean;
  /** Passphrase of the secrets. Default: a random one, in a file of mode 0600. */
  passphrase?: string;
  /** Called with the progress of `ensureParts`. */
  progress?: (line: string) => void;
}

/** Paths of programs. */
export interface PulumiParts {
  pulumi: string;
  "pulumi-language-nodejs": string;
  "pulumi-resource-kafka"?: string;
  /** Absent: the launcher of the stand-in is used. */
  "pulumi-resource-kubernetes"?: string | undefined;
}

export interface PulumiResult {
  /** Exit code; 128 + signal number if a signal ended the command. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface PulumiRunOptions {
  cwd: string;
  /** Called for each complete line of output. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Variables to add to the environment. */
  env?: NodeJS.ProcessEnv;
  /**
   * Text for standard input. Default: none. Use it for `pulumi config set --secret`, so that the value does not appear
   * in the process list.
   */
  input?: string;
  /** When it aborts, the command and the programs that it runs receive SIGINT, as with Ctrl-C. */
  signal?: AbortSignal;
  /** Milliseconds after which the run receives SIGINT and, 20 s later, SIGKILL. Default: no limit. */
  limitMs?: number;
  /** Called once the command runs, with its process (and group) id, e.g. to kill it during the run. */
  onStart?: (pid: number) => void;
}

export interface PulumiEnvironment {
  /** The complete environment for the real command line. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `pulumi` with these arguments. A failure is an exit code, not an exception. */
  run(args: readonly string[], options: PulumiRunOptions): Promise<PulumiResult>;
}

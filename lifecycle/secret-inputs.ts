/**
 * Step inputs that are secret as a whole. `kubernetes` and the locations of the Secrets can contain the content of a
 * kubeconfig. The dynamic provider receives all of them as plain values.
 */
export const SECRET_INPUTS: readonly string[] = [
  "originSecrets",
  "targetSecrets",
  "originConnection",
  "targetConnection",
  "mirrorOriginConnection",
  "mirrorTargetConnection",
  "kubernetes",
];

/** Wraps a value in Pulumi's wire format for secrets (`specialSecretSig`). */
export function asSecret(value: unknown): Record<string, unknown> {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

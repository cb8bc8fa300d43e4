/**
 * Inputs of steps that are secret as a whole. `kubernetes` and the Secrets' places may hold a kubeconfig's content. The
 * dynamic provider sees all of them as plain values.
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

/** Pulumi's form of a secret value on the wire (its `specialSecretSig`). */
export function asSecret(value: unknown): Record<string, unknown> {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

import { z } from "zod";
import type { Mistakes } from "../../engine/errors";
import { faultsOf, sayFault } from "../shape";
import { count, fields, laterText, seconds, text } from "../shape/types";

/** `rulesOf` checks role, profile and rules. */
const rights = {
  role: z.unknown(),
  profile: z.unknown().optional(),
  mirror: z.unknown().optional(),
  rules: z.unknown().optional(),
};

/** Shape of a KafkaUser's settings. */
export const userSchema = z.strictObject({
  ...rights,
  // The lookup reports an unknown dialect.
  dialect: z.string().optional(),
  operatorVersion: z.string().optional(),
  name: laterText.optional(),
  namespace: laterText.optional(),
  cluster: laterText.optional(),
  labels: fields.optional(),
  annotations: fields.optional(),
  authentication: z
    .strictObject({
      type: z.enum(["scram-sha-512", "tls", "tls-external"]),
      validityDays: count.optional(),
      renewalDays: count.optional(),
      passwordFrom: z.strictObject({ secretName: text, key: text }).optional(),
    })
    .optional(),
  secretPrefix: text.optional(),
  everyoneByDefault: z.boolean().optional(),
  readyLimitSeconds: seconds.optional(),
  kubeconfig: laterText.optional(),
  context: laterText.optional(),
});

/** Shape of a SCRAM user's settings. */
export const scramUserSchema = z.strictObject({
  ...rights,
  username: laterText.optional(),
  password: laterText.optional(),
  mechanism: z.enum(["SCRAM-SHA-256", "SCRAM-SHA-512"]).optional(),
});

/** Adds a mistake for each fault. A password is never shown. */
export function checkShape(schema: z.ZodType, args: object, mistakes: Mistakes): void {
  for (const fault of faultsOf(schema, args, (path) => path[0] === "password" || path[0] === "kubeconfig"))
    mistakes.add(sayFault(fault));
}

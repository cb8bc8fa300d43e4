import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

/** Types that several schemas share. */
export const text = z.string().min(1);
/** One rule with one message, for any wrong value. */
export const whole = (least: number) =>
  z.custom<number>(
    (value) => Number.isInteger(value) && (value as number) >= least,
    `a whole number, at least ${least}`,
  );
export const count = whole(1);
export const seconds = z.custom<number>(
  (value) => Number.isFinite(value) && (value as number) > 0,
  "a number of seconds, more than 0",
);
/** Plain values of a Kafka or connector configuration. */
export const configValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** A text, or a Pulumi output of one. */
export const laterText = z.custom<pulumi.Input<string>>(
  (value) => typeof value === "string" || isLater(value),
  "a text",
);
/** Fields of a resource's text. Its dialect checks them. Leaves may be Pulumi outputs. */
export const fields = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise),
  "an object",
);
/** A provider, or another resource. */
export const resource = z.custom<pulumi.ProviderResource>((value) => pulumi.Resource.isInstance(value), "a provider");

export function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

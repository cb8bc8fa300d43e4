import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { checked, type Setting, typed } from "../../engine/setting";

/** Plain values of a Kafka or connector configuration. Null removes the profile's value. */
export const configValues = typed<Record<string, string | number | boolean | null>>(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
);

/** A text, or a Pulumi output of one. */
export const laterText = checked<pulumi.Input<string>>(
  (value) => typeof value === "string" || isLater(value),
  "a text",
);
/** Fields of a resource's text. Its dialect checks them. Leaves may be Pulumi outputs. */
export const fields = checked<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise),
  "an object",
);
/** The same, with a type for the values. */
export const fieldsOf = <T>(): Setting<Record<string, T>> => typed(fields);
/** A provider, or another resource. */
export const resource = checked<pulumi.ProviderResource>((value) => pulumi.Resource.isInstance(value), "a provider");

export function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

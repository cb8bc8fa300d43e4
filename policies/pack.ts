import type { PolicyConfigSchema, StackValidationPolicy } from "@pulumi/policy";
import { rules, type Rule } from "../engine/rules";
import { readView } from "./read";

/** The page with the section of each rule, for the reader of a violation. */
const DOCS = "docs/policies.md";

/** Each rule as a stack policy, because most rules compare two resources. */
export function policies(): StackValidationPolicy[] {
  return rules.map((rule) => {
    const configSchema = schemaOf(rule);
    return {
      name: rule.name,
      description: `${rule.summary} (${DOCS}#${rule.name})`,
      enforcementLevel: rule.level,
      ...(configSchema === undefined ? {} : { configSchema }),
      validateStack: (args, report) => {
        const settings = args.getConfig<Record<string, unknown>>();
        for (const { message, resource } of rule.check(readView(args.resources, settings), settings))
          report(message, resource);
      },
    };
  });
}

function schemaOf({ settings }: Rule): PolicyConfigSchema | undefined {
  const properties = Object.entries(settings).map(([name, { type, description, enum: values, minimum, pattern }]) => [
    name,
    {
      type,
      description,
      ...(values === undefined ? {} : { enum: [...values] }),
      ...(minimum === undefined ? {} : { minimum }),
      ...(pattern === undefined ? {} : { pattern }),
    },
  ]);
  return properties.length === 0 ? undefined : { properties: Object.fromEntries(properties) };
}

import { SIDES } from "../../engine/sides";
import { addressFaults } from "../../engine/bootstrap";
import { didYouMean } from "../../engine/near-miss";
import { FINDING_CODES } from "../../engine/preflight/finding";
import type { MigrationArgs } from "../settings/migration";

/** The operator's Service is called `<name>-mirrormaker2-api`, and a Service's name has at most 63 characters. */
export const LONGEST_MIRROR = 63 - "-mirrormaker2-api".length;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Mistakes in single values that Kubernetes, Kafka or a later step would refuse. */
export function valueMistakes(args: Partial<MigrationArgs>): string[] {
  const { mirror } = args;
  return [
    ...nameMistake("mirror.name", mirror?.name, LONGEST_MIRROR),
    ...nameMistake("mirror.namespace", mirror?.namespace, 63),
    ...SIDES.flatMap((side) => [
      ...nameMistake(`${side}.operator.namespace`, args[side]?.operator?.namespace, 63),
      ...addresses(`${side}.bootstrapServers`, args[side]?.bootstrapServers),
      ...addresses(`${side}.adminBootstrapServers`, args[side]?.adminBootstrapServers, true),
    ]),
    ...unknownCodes(args.preflight?.accept ?? []),
    ...principals(args.fenceOptions?.except ?? []),
  ];
}

function nameMistake(path: string, name: unknown, most: number): string[] {
  if (typeof name !== "string" || name === "") return [];
  if (!LABEL.test(name)) {
    const rule = 'lower case letters, digits and "-", with a letter or digit at both ends (RFC 1123)';
    return [`${path} is "${name}": it has to be ${rule}`];
  }
  return name.length <= most ? [] : [`${path} has ${name.length} characters: it may have at most ${most}`];
}

/**
 * The engine's own client reads plain addresses only.
 * @param all report every fault. Otherwise a rule of the policy pack reports those that every Kafka version refuses
 */
function addresses(path: string, servers: unknown, all = false): string[] {
  if (typeof servers !== "string" || servers === "") return [];
  return addressFaults(servers).flatMap((fault) => {
    if (fault.kind === "scheme") {
      const settings = "TLS and the login follow from other settings (tls, and who creates the users)";
      return [`${path}: "${fault.address}" has a protocol before the address; write ${fault.plain}: ${settings}`];
    }
    // The rule reports it only if every version that may run refuses it, so it is reported here for all versions.
    if (fault.kind === "empty")
      return [`${path} "${servers}" has an empty address: write host:port, separated by commas`];
    return all ? [`${path}: "${fault.address}" ${fault.why}: write host:port, separated by commas`] : [];
  });
}

/** The step that creates the mirror's user through Kafka reads the setting, too. */
const CODES = [...FINDING_CODES, "USER_TAKEN"];

function unknownCodes(accepted: readonly string[]): string[] {
  return accepted
    .filter((code) => !CODES.includes(code))
    .map(
      (code) =>
        `preflight.accept: no finding has the code "${code}"${didYouMean(code, CODES)}; docs/preflight.md lists them`,
    );
}

/** Brokers compare whole principals. */
function principals(except: readonly string[]): string[] {
  return except.flatMap((principal) => {
    // Brokers with a principal builder of their own may know other types.
    if (/^[A-Z][A-Za-z]*:./.test(principal)) return principal === "User:*" ? [everyone] : [];
    const [, name = principal] = /^(?:user)?:(.*)$/i.exec(principal) ?? [];
    return [`fenceOptions.except: "${principal}" is not a principal; write "User:${name}"`];
  });
}

const everyone = 'fenceOptions.except: "User:*" excepts everyone, and then there is no fence; set fence: false instead';

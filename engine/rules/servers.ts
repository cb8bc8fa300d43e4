import { addressFaults } from "../bootstrap";
import { versionAtLeast, versionsOf } from "../version";
import { isPlaceholder } from "./placeholder";
import { kafkaVersion, mirrorRule, type Rule, type Saying } from "./rule";
import { inEach } from "./unknown";
import { namesIn } from "./view";

export const serverRules: Rule[] = [
  mirrorRule(
    {
      name: "address-refused",
      level: "mandatory",
      summary: "The addresses of the clusters are ones that Kafka's clients take.",
      settings: { kafkaVersion },
    },
    (mirror) =>
      inEach(["origin", "target"] as const, (side): Saying[] => {
        const written = mirror[side].bootstrapServers;
        if (written === undefined) return [];
        // Another rule reports a password in an address. No message repeats it.
        const servers = written.replace(/[^\s,/]+@/g, "***@");
        const field = `${namesIn(mirror)[side]}.bootstrapServers`;
        // Kafka's clients refuse an empty address since 4.2.
        const refusesEmpty = versionsOf(mirror).every((version) => versionAtLeast(version, "4.2"));
        return addressFaults(servers).flatMap((fault): Saying[] => {
          // The settings of a component, which is not a resource yet, are final.
          if (mirror.resource !== "" && isPlaceholder(servers)) return [];
          if (fault.kind === "scheme" || (fault.kind === "empty" && servers.trim() !== "" && !refusesEmpty)) return [];
          return [
            {
              seen:
                fault.kind === "empty"
                  ? `${field} "${servers}" has an empty address`
                  : `${field}: "${fault.address}" ${fault.why}`,
              why: "no client of that cluster is created, and nothing is copied",
              instead: "write host:port, separated by commas",
            },
          ];
        });
      }),
  ),
];

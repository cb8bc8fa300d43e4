import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { migrationMistakes } from "./migration/checks";

const cluster = (name: string) => ({
  bootstrapServers: `${name}:9093`,
  operator: { cluster: name, namespace: `${name}-ns` },
});
const mistakes = (args: object) =>
  migrationMistakes({ origin: cluster("origin"), target: cluster("target"), ...args } as never).list;
const origin = (settings: object) => ({ origin: { ...cluster("origin"), ...settings } });

describe("values are checked before anything is created", () => {
  test.each([
    [{ mirror: { name: "My_Mirror" } }, 'mirror.name is "My_Mirror": it has to be lower case letters'],
    [{ mirror: { name: "orders.v1" } }, "mirror.name is"],
    [{ mirror: { name: "m".repeat(47) } }, "mirror.name has 47 characters: it may have at most 46"],
    [{ mirror: { namespace: "-ns" } }, "mirror.namespace is"],
    [{ mirror: { namespace: "n".repeat(64) } }, "mirror.namespace has 64 characters"],
    [origin({ operator: { cluster: "origin", namespace: "Origin" } }), 'origin.operator.namespace is "Origin"'],
    [origin({ bootstrapServers: "SASL_SSL://origin:9093" }), "write origin:9093: TLS and the login"],
    [origin({ bootstrapServers: "origin" }), 'origin.bootstrapServers: "origin" has no port'],
    [origin({ bootstrapServers: "a:9093,,b:9093" }), '"a:9093,,b:9093" has an empty address'],
    [origin({ adminBootstrapServers: "localhost:99999" }), "origin.adminBootstrapServers"],
    [origin({ adminBootstrapServers: "a:1," }), "has an empty address"],
    [{ preflight: { accept: ["TARGET_MESSAGE_SIZE_SMALER"] } }, 'did you mean "TARGET_MESSAGE_SIZE_SMALLER"?'],
    [{ preflight: { accept: ["NO_SUCH"] } }, 'no finding has the code "NO_SUCH"; docs/preflight.md lists them'],
    [{ fence: true, fenceOptions: { except: ["billing"] } }, 'write "User:billing"'],
    [{ fence: true, fenceOptions: { except: ["user:billing"] } }, 'write "User:billing"'],
    [{ fence: true, fenceOptions: { except: ["User:*"] } }, "excepts everyone"],
    [origin({ alias: "a".repeat(101) }), "the API server takes at most 100 characters"],
    [{ operatorVersion: "11.5" }, "a version of Event Streams: use dialect event-streams-v1beta2"],
    // The address shows that both sides are one cluster.
    [{ target: { ...cluster("target"), bootstrapServers: "ORIGIN:9093" } }, "[endless-loop]"],
  ])("refuses %j", (args, says) => {
    expect(mistakes(args).join("\n")).toContain(says);
  });

  test.each(["4.1.0", "4.2.0", "4.3.1"])("reports an empty address once if Kafka %s runs", (kafkaVersion) => {
    for (const bootstrapServers of ["a:9093,,b:9093", "a:9093, ", " ", ","])
      expect(mistakes({ ...origin({ bootstrapServers }), mirror: { kafkaVersion } })).toEqual([
        expect.stringContaining("has an empty address"),
      ]);
  });

  test.each([
    { mirror: { name: "m".repeat(46), namespace: "n".repeat(63) } },
    origin({ bootstrapServers: "a:9093, [::1]:9093", adminBootstrapServers: "localhost:19093" }),
    origin({ bootstrapServers: pulumi.output("later"), adminBootstrapServers: pulumi.output("later") }),
    { preflight: { accept: ["TARGET_MESSAGE_SIZE_SMALLER"] } },
    { fence: true, fenceOptions: { except: ["User:billing", "User:CN=billing,O=example"] } },
    origin({ alias: "a".repeat(100) }),
  ])("accepts %j", (args) => {
    expect(mistakes(args)).toEqual([]);
  });
});

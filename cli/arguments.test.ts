import { describe, expect, it } from "vitest";
import { parse } from "./arguments";
import { EXIT, exitCodeOf } from "./exit";
import { run } from "./run";
import { bar, printable, printableJson, Screen } from "./screen";
import { table } from "./table";
import { Reader } from "./values";
import { MigrationError } from "../engine/errors";

const mistakesOf = (...argv: string[]): string => {
  try {
    parse(argv);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("no mistake was found");
};

/** The output of a command. */
function captured(isTTY = false) {
  const text = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({ isTTY, columns: 60, write: (some: string) => (text[key] += some) });
  return { text, streams: { out: stream("out"), err: stream("err") } };
}

describe("the command line", () => {
  it("accepts options before and after the command, and repeated options", () => {
    expect(parse(["--stack", "orders", "offsets", "--group", "a", "--group=b", "--json"])).toMatchObject({
      name: "offsets",
      values: { stack: "orders", group: ["a", "b"], json: true },
    });
  });

  it("reports all mistakes together and suggests the closest name", () => {
    expect(mistakesOf("ofsets")).toContain('unknown command "ofsets" (did you mean "offsets"?)');
    const message = mistakesOf("gate", "--wiat", "--limit", "--json", "extra");
    expect(message).toContain("CLI_USAGE: kafka-migration gate was called with 3 mistakes");
    expect(message).toContain('unknown option --wiat (did you mean "wait"?)');
    expect(message).toContain("--limit needs a value: SECONDS");
    expect(message).toContain('unexpected "extra"');
    expect(mistakesOf("gate", "--wait=yes")).toContain("--wait takes no value");
    expect(mistakesOf("gate", "--model", "m.json", "--stack", "s")).toContain("--model and --stack cannot be combined");
    expect(mistakesOf("--json")).toContain("no command: use one of status, gate");
  });

  it("takes a wave, except for commands about the whole migration", () => {
    expect(parse(["gate", "--wave", "orders"]).values).toEqual({ wave: "orders" });
    for (const whole of ["plan", "report", "doctor"])
      expect(mistakesOf(whole, "--wave", "orders")).toContain("unknown option --wave");
    expect(mistakesOf("gate", "--model", "m.json", "--wave", "a")).toContain("--model and --wave cannot be combined");
  });

  it("parses values of options and reports all errors together", () => {
    const read = new Reader({
      limit: "1.5",
      time: "2026-05-04T10:30:00+02:00",
      batch: "0",
      way: "exakt",
      throttle: "",
      at: "yesterday",
    });
    expect(read.seconds("limit")).toBe(1500);
    expect(read.time("time")).toBe(Date.UTC(2026, 4, 4, 8, 30));
    read.count("batch");
    read.count("throttle");
    read.time("at");
    read.oneOf("way", ["exact", "time"]);
    expect(() => read.check("offsets")).toThrow(
      /4 mistakes[\s\S]*--batch is "0"[\s\S]*--throttle is ""[\s\S]*--at is "yesterday"[\s\S]*--way is "exakt"/,
    );
  });

  it("prints help with every command, and with every option of one command", async () => {
    const { text, streams } = captured();
    expect(await run([], streams, new AbortController().signal)).toBe(0);
    for (const name of ["status", "gate", "offsets", "verify", "replication", "rehearse", "report", "doctor"])
      expect(text.out).toContain(`  ${name} `);
    const one = captured();
    expect(await run(["offsets", "--help"], one.streams, new AbortController().signal)).toBe(0);
    expect(one.text.out).toMatch(/--apply +write the offsets/);
    expect(one.text.out).toMatch(/--group NAME +a group/);
  });
});

describe("exit codes", () => {
  const error = (code: string, details: string[] = []) => new MigrationError(code, "seen", { fix: "fix", details });
  it("show what kind of failure it was", () => {
    expect(exitCodeOf(error("GATE_INCOMPLETE"))).toBe(EXIT.no);
    expect(exitCodeOf(error("OFFSETS_BLOCKED"))).toBe(EXIT.no);
    expect(exitCodeOf(error("CLI_USAGE"))).toBe(EXIT.usage);
    expect(exitCodeOf(error("SELECTION_EMPTY"))).toBe(EXIT.usage);
    expect(exitCodeOf(error("KAFKA_AUTHENTICATION"))).toBe(EXIT.cluster);
    expect(exitCodeOf(error("PREFLIGHT_FAILED", ["TOPIC_CLASH: x"]))).toBe(EXIT.no);
    expect(exitCodeOf(error("PREFLIGHT_FAILED", ["TOPIC_CLASH: x", "KAFKA_UNREACHABLE: y"]))).toBe(EXIT.cluster);
    expect(exitCodeOf(error("REPLICATION_INTERRUPTED"))).toBe(EXIT.interrupted);
    expect(exitCodeOf(new Error("a bug"))).toBe(EXIT.fault);
    expect(exitCodeOf(error("VERIFY_THREAD_ENDED"))).toBe(EXIT.fault);
    expect(exitCodeOf(Object.assign(new Error("aborted"), { name: "AbortError" }))).toBe(EXIT.interrupted);
  });
});

describe("the screen", () => {
  it("prints plain lines without a terminal", () => {
    const { text, streams } = captured();
    const screen = new Screen(streams);
    screen.progress.info("3 of 12 partitions complete");
    screen.progress.warn("slow");
    screen.done();
    expect(text.err).toBe("3 of 12 partitions complete\nwarning: slow\n");
  });

  it("shows one progress line with a bar on a terminal, and clears it at the end", () => {
    const { text, streams } = captured(true);
    const screen = new Screen(streams);
    screen.progress.info("3 of 12 partitions complete");
    screen.progress.info("x".repeat(200));
    screen.progress.warn("slow");
    screen.done();
    const frames = text.err.split("\r\u001b[2K");
    expect(frames[1]).toMatch(/^\[######-{18}\] 3 of 12 partitions complete \(/);
    expect(frames[2]!.length).toBeLessThan(60);
    expect(text.err.endsWith("\r\u001b[2Kwarning: slow\n")).toBe(true);
  });

  it("draws a bar only if there are numbers, and never a longer one than its limit", () => {
    expect(bar("looking")).toBe("");
    expect(bar("0 of 0 partitions")).toBe("");
    expect(bar("9 of 3 partitions")).toBe(`[${"#".repeat(24)}] `);
  });

  it("replaces control characters in names", () => {
    expect(printable("a\u001b[2Jb\u202ec\nd\te")).toBe("a\ufffd[2Jb\ufffdc\nd\te");
  });

  it("lets no name of a cluster control the terminal, in results, too", () => {
    const { text, streams } = captured();
    const screen = new Screen(streams);
    screen.result("group \u001b]0;title\u0007 \u202eturned\nnext");
    expect(text.out).toBe("group \ufffd]0;title\ufffd \ufffdturned\nnext\n");
    const value = { group: "\u001b[2J\u009b2J\u202ea" };
    const json = printableJson(JSON.stringify(value));
    expect([json, JSON.parse(json)]).toEqual(['{"group":"\\u001b[2J\\u009b2J\\u202ea"}', value]);
    expect(table(["group", "lag"], [["a\nb", "5"]])[1]).toBe("a\ufffdb      5");
  });

  it("aligns columns and cuts long tables", () => {
    expect(
      table(
        ["topic", "left"],
        [
          ["a", "5"],
          ["longer", "1200"],
        ],
      ),
    ).toEqual(["topic   left", "a          5", "longer  1200"]);
    expect(table(["t"], [["a"], ["b"], ["c"]], 1)).toEqual(["t", "a", "and 2 more"]);
  });
});

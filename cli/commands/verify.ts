import { atMost, bytesText, countText, durationText } from "../../engine/units";
import { compareCopy, isFault, type VerifyOptions } from "../../engine/verify";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { table } from "../table";
import { Reader } from "../values";

/** Compares both sides. Changes nothing. */
export const verify: Command = {
  summary: "compare the records on both sides",
  options: {
    mode: {
      type: "string",
      value: "tail|full",
      help: "counts and the last records of each partition, or every record (default: the stack's)",
    },
    "tail-records": { type: "string", value: "N", help: "mode tail: records compared at the end of each partition" },
    resume: {
      type: "string",
      value: "FILE",
      help: "file for the progress: an interrupted run continues from there, also within a partition",
    },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const configured = migration.options.verify;
    const mode =
      read.oneOf("mode", ["tail", "full"] as const) ?? (configured.mode === "none" ? "tail" : configured.mode);
    const tailRecords = read.count("tail-records");
    const resumeFile = read.text("resume");
    read.check("verify");
    const options: VerifyOptions = {
      ...configured,
      mode,
      ...(tailRecords === undefined ? {} : { tailRecords }),
      ...(resumeFile === undefined ? {} : { resumeFile }),
    };
    const result = await compareCopy(migration.model, options, progress, signal);
    const shown = [...result.differences].sort((a, b) => Number(isFault(b)) - Number(isFault(a)));
    return {
      exit: result.equal ? EXIT.fine : EXIT.no,
      lines: [
        ...table(
          ["topic", "partitions", "origin", "target", "twice", "differing"],
          result.topics.map((t) => [
            t.topic,
            String(t.partitions),
            atMost(t.originRecords, !t.counted),
            atMost(t.targetRecords, !t.counted),
            String(t.duplicates),
            String(t.faulty),
          ]),
        ),
        "",
        ...shown.slice(0, 50).map((d) => `${isFault(d) ? "difference" : "note"}: ${d.text}`),
        ...(shown.length > 50 ? [`and ${shown.length - 50} more (--json has them)`] : []),
        ...result.notes.map((n) => `note: ${n}`),
        `${result.equal ? "equal" : "DIFFERENT"}: ${countText(result.partitions, "partition")} (${mode}), ` +
          `${bytesText(result.bytes.origin)} against ${bytesText(result.bytes.target)} in ` +
          `${durationText(result.durationMs)}`,
      ],
      json: result,
    };
  },
};

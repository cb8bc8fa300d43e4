/**
 * The program of a thread that reads a recording. The address of its connection is the description of the recording.
 */
import { parentPort } from "node:worker_threads";
import type { OpenKafka } from "../engine/clusters";
import { serveThread } from "../engine/verify/thread-side";
import { type ReplaySource, replayPort } from "./replay";

export const openReplay: OpenKafka = ({ bootstrapServers }, side) =>
  replayPort(side, JSON.parse(bootstrapServers) as ReplaySource);

if (parentPort !== null) serveThread(parentPort, openReplay);

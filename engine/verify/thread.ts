/** The program of a thread of the verification. */
import { parentPort } from "node:worker_threads";
import { serveThread } from "./thread-side";

serveThread(parentPort!);

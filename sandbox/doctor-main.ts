import { doctor, leftoverBuild } from "./doctor";

/** `npm run doctor`: prints one line per part. The exit code is 1 if the user must do something. */
async function main(): Promise<void> {
  const lines = await doctor();
  const width = Math.max(...lines.map((line) => line.name.length));
  for (const line of lines) {
    process.stdout.write(
      `${line.state.padEnd(8)}  ${line.name.padEnd(width)}  ` +
        `${line.text}${line.fix === undefined ? "" : `\n${" ".repeat(width + 12)}-> ${line.fix}`}\n`,
    );
  }
  const build = leftoverBuild();
  if (build !== undefined)
    process.stdout.write(
      `\n${build} is left of an interrupted build: the next one goes on from there and removes it\n`,
    );
  if (lines.some((line) => line.state === "missing" || line.state === "damaged")) process.exitCode = 1;
}

void main();

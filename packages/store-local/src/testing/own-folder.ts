// A process of its own that owns a data folder, says so with its pid, and stays until it is killed.
import { writeSync } from "node:fs";
import { openDataFolder } from "../data-folder/data-folder.ts";

const folder = await openDataFolder(process.argv[2] ?? "");
writeSync(1, `${JSON.stringify({ pid: process.pid, token: folder.owner.token })}\n`);
process.stdin.resume();

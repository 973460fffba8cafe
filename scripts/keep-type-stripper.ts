// Test setup: keeps Node's type stripper loaded in the process of a test file. Threads that run sources load it too; where each of many short-lived threads
// brings the same WebAssembly module in and out again, V8 now and then ends the process (nodejs/node#64500).
import { stripTypeScriptTypes } from "node:module";

stripTypeScriptTypes("export const loaded: boolean = true;");

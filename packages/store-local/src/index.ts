// Public surface of @millrace/store-local: embedded stores of Millrace on SQLite, files and memory.
export { createLruCache } from "./cache/lru-cache.ts";
export {
  openSqliteControlStore,
  type SqliteControlStore,
  type SqliteControlStoreOptions,
} from "./control/control-store.ts";
export { backUpDataFolder, type BackupPart, type BackupSummary } from "./data-folder/backup.ts";
export {
  dataFolderPaths,
  openDataFolder,
  type DataFolder,
  type DataFolderOptions,
  type DataFolderPaths,
} from "./data-folder/data-folder.ts";
export { readFormat } from "./data-folder/folder-format.ts";
export { readOwner, type OwnerRecord } from "./data-folder/owner-record.ts";
export { restoreInto } from "./data-folder/restore.ts";
export { openSqliteEventLog, type SqliteEventLog, type SqliteEventLogOptions } from "./event-log/event-log.ts";
export type { DiskSync } from "./files/disk-sync.ts";
export { openFileObjectStore, type FileObjectStore, type FileObjectStoreOptions } from "./objects/file-object-store.ts";
export { SealedValue } from "./secrets/sealed-value.ts";
export { createSecrets, type SecretsOptions } from "./secrets/secrets.ts";

// What a platform is made of: the project and one adapter per port. The composition root fills it in; the folders of this package share it.
import type {
  Cache,
  Clock,
  Connector,
  ControlStore,
  Destination,
  EventLog,
  HttpClient,
  Logger,
  Metrics,
  Notifier,
  ObjectStore,
  ProjectDefinition,
  Random,
  Secrets,
  Warehouse,
} from "@millrace/core";
import type { PlatformLimits } from "./platform-limits.ts";

export interface PlatformParts {
  readonly project: ProjectDefinition;
  readonly warehouse: Warehouse;
  readonly eventLog: EventLog;
  readonly objects: ObjectStore;
  readonly control: ControlStore;
  readonly cache: Cache;
  readonly secrets: Secrets;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Who is told when a rule that the clock judges begins or ends to fail; the log when absent. */
  readonly notifier?: Notifier;
  readonly connectors: readonly Connector[];
  /** Ways out; none when absent. */
  readonly destinations?: readonly Destination[];
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<PlatformLimits>;
}

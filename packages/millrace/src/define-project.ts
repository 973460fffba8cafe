// `defineProject({...})`: what millrace.config.ts exports. The loader finds it by its brand, so that a plain object is not mistaken for one.
import { callerLocation, type ProjectConfig, type SourceLocation } from "@millrace/core";

/** A project configuration that knows where it was written. */
export interface ProjectDeclaration extends ProjectConfig {
  readonly kind: "project";
  readonly location?: SourceLocation;
}

/**
 * Declares the project. Its values are checked when the project is loaded.
 *
 * @example
 * export const project = defineProject({ name: "shop", server: { port: 8080 } });
 */
export function defineProject(config: ProjectConfig): ProjectDeclaration {
  const location = callerLocation();
  return { kind: "project", ...config, ...(location === undefined ? {} : { location }) };
}

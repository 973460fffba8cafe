// The door: every request, also to an address that does not exist, passes here first. What a route does not open stays closed.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { authorize, type Authenticator, type Permission, type Principal } from "@millrace/access";
import { MillraceError } from "@millrace/core";
import { httpLimits } from "../server-parts.ts";
import { securityHeaders } from "./security-headers.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls; undefined on public routes. */
    principal: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** What a caller needs for this route; `public` for health checks, and for webhooks, which prove themselves. A route without it is closed to everyone. */
    access?: Permission | "public";
  }
}

/** Adds the check before anything of the body is read. */
export function installGuard(app: FastifyInstance, authenticator: Authenticator): void {
  app.decorateRequest("principal", undefined);
  app.addHook("onRequest", (request, reply, done) => {
    void reply.headers(securityHeaders);
    try {
      enter(request, authenticator);
    } catch (error) {
      return done(error as Error);
    }
    done();
  });
}

function enter(request: FastifyRequest, authenticator: Authenticator): void {
  const access = request.routeOptions.config.access;
  if (access !== "public") {
    request.principal = authenticator.authenticate(request.headers.authorization);
    if (request.principal === undefined) authorize(undefined, access ?? "platform.operate");
    else if (access !== undefined) authorize(request.principal, access);
    else if (request.routeOptions.url !== undefined)
      throw new MillraceError("forbidden", "This route is not open to anyone.");
  }
  if (request.url.length > httpLimits.urlCharsMax)
    throw new MillraceError("request-too-large", `The address is longer than ${httpLimits.urlCharsMax} characters.`, {
      hint: "Ask with fewer filters; long lists can be split over several requests.",
    });
}

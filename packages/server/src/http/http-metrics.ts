// How many requests, how long they took. Labels are route patterns, methods and statuses: bounded whatever clients send.
import type { FastifyInstance } from "fastify";
import type { Labels, Metrics } from "@millrace/core";
import { routeOf } from "./error-reply.ts";

export function installHttpMetrics(app: FastifyInstance, metrics: Metrics): void {
  const labels = new Map<string, { readonly request: Labels; readonly route: Labels }>();
  app.addHook("onResponse", (request, reply, done) => {
    const route = routeOf(request);
    const status = String(reply.statusCode);
    const key = `${route} ${request.method} ${status}`;
    let known = labels.get(key);
    if (known === undefined) {
      known = { request: { route, method: request.method, status }, route: { route } };
      labels.set(key, known);
    }
    metrics.count("millrace_http_requests_total", 1, known.request);
    metrics.seconds("millrace_http_request_seconds", reply.elapsedTime / 1000, known.route);
    done();
  });
}

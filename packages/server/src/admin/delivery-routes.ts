// `/admin/deliveries...`: what goes back to other systems, its dead letters, and what people do about them. Personal data is shown to operators alone.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { MillraceError } from "@millrace/core";
import type { DeliveryFilter, DeliveryRequest, Platform } from "@millrace/runtime";
import { adminLimits, listLimit, operate, read, seesPersonalData, sendJson } from "./admin-answer.ts";
import { bodyOf, parametersOf, textField, wholeNumber } from "./admin-request.ts";

const kinds = ["replay", "discard", "pause", "resume"] as const;

interface Named {
  readonly Params: { readonly delivery: string };
}

export function addDeliveryRoutes(app: FastifyInstance, platform: Platform): void {
  app.get("/admin/deliveries", read, async (_request, reply) =>
    sendJson(reply, { deliveries: await platform.deliveries() }),
  );
  app.get<Named>("/admin/deliveries/:delivery", read, async (request, reply) =>
    sendJson(reply, await platform.deliveryShow(request.params.delivery, filterOf(request))),
  );
  app.post("/admin/deliveries/reconcile", operate, async (request, reply) => {
    const delivery = textField(bodyOf(request), "delivery", adminLimits.nameCharsMax);
    return sendJson(reply, await platform.deliveryReconcile(delivery));
  });
  for (const kind of kinds)
    app.post(`/admin/deliveries/${kind}`, operate, async (request, reply) =>
      sendJson(reply, await platform.deliveryAct(actionOf(kind, request))),
    );
}

function filterOf(request: FastifyRequest): DeliveryFilter {
  const { state, limit, showPii } = parametersOf(request, ["state", "limit", "showPii"]);
  if (state !== undefined && state !== "pending" && state !== "dead")
    throw new MillraceError("request-invalid", "state is pending or dead.");
  if (showPii === "true" && !seesPersonalData(request))
    throw new MillraceError("forbidden", "Personal data is shown to operators alone.", {
      details: { permission: "platform.operate" },
    });
  return { limit: listLimit(limit), showPii: showPii === "true", ...(state === undefined ? {} : { state }) };
}

function actionOf(kind: DeliveryRequest["kind"], request: FastifyRequest): DeliveryRequest {
  const body = bodyOf(request);
  const delivery = textField(body, "delivery", adminLimits.nameCharsMax);
  const { rows } = body;
  if (rows === undefined) return { kind, delivery };
  if (!Array.isArray(rows) || rows.length > adminLimits.listRowsMax)
    throw new MillraceError("request-invalid", `rows is a list of at most ${adminLimits.listRowsMax} numbers.`);
  return { kind, delivery, rows: rows.map((row) => wholeNumber("rows", row)) };
}

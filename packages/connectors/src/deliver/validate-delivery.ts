// Checks a delivery that came as data, as its destination sees it.
import { deliveryName, type DeliveryDefinition } from "@millrace/core";
import { OptionProblem } from "../authoring/declare-channel.ts";
import { findProblem, type OptionField } from "../authoring/option-fields.ts";
import { checkTarget } from "./delivery-fields.ts";
import { placedDelivery } from "./delivery.ts";

/** @throws MillraceError delivery-invalid, with file and line */
export function validateDelivery(delivery: DeliveryDefinition, fields: readonly OptionField[]): void {
  placedDelivery(`delivery ${deliveryName(delivery)}`, delivery.location, () => {
    const problem = findProblem(delivery.config, fields);
    if (problem !== undefined) throw new OptionProblem(problem);
    checkTarget({ ...delivery, from: `${delivery.from.domain}.${delivery.from.name}` });
  });
}

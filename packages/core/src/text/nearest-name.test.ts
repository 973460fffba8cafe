// What an author sees after a slip of the keyboard.
import { expect, it } from "vitest";
import { didYouMean, nearestName } from "./nearest-name.ts";

it("finds the name with the fewest slips, without regard to case", () => {
  expect(nearestName("redy", ["into", "ready", "every"])).toBe("ready");
  expect(nearestName("PRICE", ["prices", "price"])).toBe("price");
  expect(nearestName("evrey", ["every", "ever"])).toBe("every");
});

it("offers nothing rather than something far away", () => {
  expect(nearestName("supplier", ["into", "ready"])).toBeUndefined();
  expect(nearestName("x", ["y"])).toBeUndefined();
  expect(didYouMean("supplier", ["ready"])).toBe("");
  expect(didYouMean("redy", ["ready"])).toBe('; did you mean "ready"?');
});

// The catalogue comes as files at the end of the day; `_SUCCESS` says that a drop is complete.
import { env, files, marker } from "millrace";
import { Product } from "./contracts.ts";

export const products = files("catalog/*.csv", {
  folder: env("RETAIL_DROPS", "drops"),
  into: Product,
  ready: marker("_SUCCESS"),
  every: "on-arrival",
});

// Slices as templates see them: a mapping of partition and window, with `partition`, `cursor_slice` and `extra_fields` as attributes.
import type { StreamSlice } from "../../rest-engine/slice.ts";
import { AttributedMapping } from "../template/python-values.ts";

const known = new WeakMap<StreamSlice, AttributedMapping>();

export function sliceValue(slice: StreamSlice): AttributedMapping {
  const existing = known.get(slice);
  if (existing !== undefined) return existing;
  const { partition, window, extra } = slice;
  const attributes = { partition, _partition: partition, cursor_slice: window, extra_fields: extra };
  const value = new AttributedMapping({ ...partition, ...window }, attributes);
  known.set(slice, value);
  return value;
}

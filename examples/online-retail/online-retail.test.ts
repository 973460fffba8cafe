// Half a million real lines, compared with totals that a separate reader computes in whole numbers.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { silentLogger } from "@millrace/core";
import { loadProject, openPlatform, type OpenedPlatform } from "millrace/embed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { independentTotals, type Totals } from "./independent-totals.ts";

const source = resolve(process.env["ONLINE_RETAIL"] ?? join(import.meta.dirname, "../../../shared/data/online-retail"));
const file = join(source, "online-retail.csv.gz");

// The data set is not part of the project; the README says where anyone gets it.
describe.runIf(existsSync(file))(`with ${file.split("/").slice(-2).join("/")}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-online-retail-"));
  let opened: OpenedPlatform;
  let totals: Totals;

  beforeAll(async () => {
    process.env["ONLINE_RETAIL"] = source;
    totals = await independentTotals(file);
    opened = await openPlatform({
      project: await loadProject(import.meta.dirname),
      dataFolder: folder,
      log: silentLogger,
    });
    await opened.platform.start({ live: false });
    expect((await opened.platform.runUntilIdle({})).errors).toEqual([]);
  }, 120_000);

  afterAll(async () => {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const one = async (sql: string): Promise<unknown> => (await opened.platform.warehouse.query(sql)).rows[0]?.[0];

  test("every line is accepted or refused by a named rule", async () => {
    const [channel] = (await opened.platform.status()).channels;
    expect(channel).toMatchObject({
      received: BigInt(totals.received),
      accepted: BigInt(totals.accepted),
      quarantined: BigInt(totals.received - totals.accepted),
    });
    const codes = await opened.platform.warehouse.query(
      "SELECT code, count(*) FROM (SELECT unnest(codes) AS code FROM millrace.quarantine) GROUP BY code ORDER BY code",
    );
    expect(Object.fromEntries(codes.rows.map(([code, count]) => [code as string, Number(count)]))).toEqual(
      totals.codes,
    );
  });

  test("models equal the separate totals", async () => {
    expect(await one("SELECT count(*) FROM shop.sales")).toBe(BigInt(totals.distinct));
    expect(await one("SELECT CAST(sum(revenue) * 1000 AS BIGINT) FROM shop.revenue_by_country_month")).toBe(
      totals.revenueMilli,
    );
    expect(await one("SELECT count(*) FROM shop.revenue_by_country_month")).toBe(BigInt(totals.countryMonths));
    expect(await one("SELECT count(*) FROM shop.best_products")).toBe(BigInt(totals.products));
    expect(await one("SELECT count(*) FROM shop.repeat_customers")).toBe(BigInt(totals.repeatCustomers));
  });

  test("a second run finds nothing new", async () => {
    expect((await opened.platform.runUntilIdle({})).batches).toEqual([]);
  });
});

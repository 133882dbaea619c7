import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { afterAll, test as base, beforeAll, expect } from "vitest";
import { sharedPart } from "../support/shared-part.ts";
import { openProduct, type Product, signIn, type Visit, visit } from "./product.ts";

/** One browser for all tests of a run; each visit has a profile of its own. */
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.connect(await sharedPart("browser"));
});
afterAll(() => browser.close());

/**
 * Tests in a real browser. `product` is a service of its own, with an admin who can sign in; `stranger`
 * opens a browser profile that has no session there, `enter` one that has, on the given page. Whatever
 * the test: in the end no page may have given a reason for complaint.
 */
export const test = base
  .extend("product", async ({ task: _ }, { onCleanup }): Promise<Product> => {
    const product = await openProduct();
    onCleanup(product.close);
    return product;
  })
  .extend("stranger", async ({ task: _ }, { onCleanup }) => {
    const visits: Visit[] = [];
    onCleanup(async () => {
      for (const { context } of visits) await context.close();
      expect(visits.flatMap(({ witness }) => witness.complaints)).toEqual([]);
    });
    return async (options?: BrowserContextOptions): Promise<Visit> => {
      const created = await visit(browser, options);
      visits.push(created);
      return created;
    };
  })
  .extend("enter", ({ stranger, product }) => {
    return async (path: string, options?: BrowserContextOptions): Promise<Visit> => {
      const created = await stranger(options);
      await signIn(created.context, product);
      await created.page.goto(product.url + path);
      return created;
    };
  });

// The API's description, as a person reads it: on a computer and on a phone, in both languages, without script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Room, startBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test("the API's description can be read everywhere", { timeout: 120_000 }, async (t) => {
  const demo = await startDemo(t);
  const r = new Room(t, browser, demo, "docs");
  const document = await (await fetch(`${demo.url}/api/openapi.json`)).json();
  const path = "/api/v1/organizations/{org}/api-keys";
  assert.ok(document.paths[path].post);
  for (const [locale, title] of [
    ["en-US", "API"],
    ["zh-CN", "接口文档"],
  ]) {
    const page = await r.computer({ locale, javaScriptEnabled: false });
    await page.goto(`${demo.url}/api/docs`);
    assert.equal(await page.locator("h1").textContent(), title);
    assert.equal(await page.locator("article.route").count(), count(document));
    await page.goto(`${demo.url}/api/docs#post-api-v1-organizations--org--api-keys`);
    const route = page.locator("article.route:target");
    assert.equal(await route.locator("h3 code").textContent(), path);
    assert.match(await route.locator("pre").first().textContent(), /^curl -X POST "\$URL.*Authorization: Bearer \$KEY/s);
    for (const width of [1440, 390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(needed <= there, `${needed} pixels at ${width}`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await r.picture(page, `route-${locale}`, { fullPage: false });
  }
  r.noErrors();
});

function count({ paths }) {
  const methods = ["get", "post", "put", "patch", "delete"];
  return Object.values(paths).flatMap((item) => methods.filter((method) => item[method])).length;
}

// The portal's terms: a box that nobody has ticked beforehand, on every way in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Room, approve, matchNumber, openEntrance, panel, startBrowser, typeCode } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

const NUMBER = "13800138000";
const options = { timeout: 120_000 };

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

async function room(t, name) {
  return new Room(t, browser, await startDemo(t), name);
}

const box = (phone) => phone.locator("[data-terms]");
const missing = (phone) => phone.locator("[data-terms-error]:visible");

/** Presses a button without the tick: it is said beside the box, and nothing is posted. */
async function refused(phone, button) {
  let posts = 0;
  phone.on("request", (request) => (posts += request.method() === "POST" ? 1 : 0));
  await phone.locator(button).click();
  await missing(phone).waitFor();
  assert.equal(posts, 0);
  assert.ok(await box(phone).evaluate((input) => input === document.activeElement), "the box is where one goes on");
}

for (const [locale, words] of [
  ["zh-CN", { link: /的服务条款$/, accept: "请先同意服务条款", menu: "这里没有登录" }],
  ["en-US", { link: /^terms of /, accept: "Please accept the terms", menu: "You are not signed in here" }],
]) {
  test(`ticked at the first sign-in, and for each new version (${locale})`, options, async (t) => {
    const r = await room(t, `terms-${locale}`);
    const { demo } = r;
    await demo.setTerms("2026-11");
    const pc = await r.computer({ locale });
    const phone = await r.phone(await demo.person("林小雨"), { locale });

    // First sign-in: with phone and code.
    const { scan_url } = await openEntrance(pc, demo);
    await phone.goto(scan_url);
    const match = await matchNumber(pc);
    await typeCode(phone, demo, NUMBER);
    assert.ok(!(await box(phone).isChecked()), "never ticked beforehand");
    await r.picture(phone, "1-bind");
    await refused(phone, "[data-submit]");
    await r.picture(phone, "2-bind-missing");
    const opened = phone.waitForEvent("popup");
    await phone.locator(".tick a").click();
    const terms = await opened;
    await terms.waitForLoadState();
    assert.ok(terms.url().startsWith(demo.sandbox_url));
    assert.equal(await terms.evaluate(() => globalThis.opener), null);
    await terms.close();
    assert.ok(!(await box(phone).isChecked()), "reading is not accepting");
    // The words are part of the box.
    await phone.locator(".tick span").click({ position: { x: 5, y: 5 } });
    assert.ok(await box(phone).isChecked());
    assert.equal(await missing(phone).count(), 0);
    await r.picture(phone, "3-bind-ticked");
    await phone.locator("[data-submit]").click();
    await phone.locator("[data-sign-in]").waitFor();
    assert.equal(await box(phone).count(), 0, "once is enough");
    await approve(phone, match);
    await pc.waitForURL(`${demo.portal}/home`);

    // A new version: with the decision. Whoever is signed in stays so.
    await demo.setTerms("2026-12");
    await pc.reload();
    assert.equal(pc.url(), `${demo.portal}/home`);
    const again = await openEntrance(pc, demo, () => pc.locator("form button").click());
    await phone.goto(again.scan_url);
    await panel(pc, "scanned");
    await r.picture(phone, "4-approve");
    await refused(phone, "[data-sign-in]");
    await r.picture(phone, "5-approve-missing");
    await box(phone).check();
    await approve(phone);
    await pc.waitForURL(`${demo.portal}/home`);

    // The menu link: the terms are all there is between it and the portal.
    await demo.setTerms("2027-01");
    await phone.goto(demo.portal);
    await phone.getByRole("heading", { name: words.accept }).waitFor();
    assert.match(await phone.locator(".tick a").textContent(), words.link);
    await r.picture(phone, "6-menu");
    await phone.locator('button[form="deny"]').click();
    await phone.getByText(words.menu).waitFor();
    await r.picture(phone, "7-menu-declined");
    await phone.goto(demo.portal);
    await refused(phone, "[data-sign-in]");
    await box(phone).check();
    await r.picture(phone, "8-menu-ticked");
    await phone.locator("[data-sign-in]").click();
    await phone.waitForURL(`${demo.portal}/home`);
    assert.equal((await phone.request.get(`${demo.portal}/me`)).status(), 200);
    r.noErrors();
  });
}

test("without script the server asks for the tick, and what was typed is still there", options, async (t) => {
  const r = await room(t, "terms-without-script");
  const { demo } = r;
  await demo.setTerms("1");
  const phone = await r.phone(await demo.person("孙丽"), { javaScriptEnabled: false });
  await phone.goto(demo.portal);
  await typeCode(phone, demo, NUMBER);
  // A browser that does not know "required".
  await phone.locator("[data-bind]").evaluate((form) => (form.noValidate = true));
  r.expect(/status of 422 /);
  await phone.locator("[data-submit]").click();
  await missing(phone).waitFor();
  await r.picture(phone, "missing");
  assert.equal(await phone.locator("#phone").inputValue(), NUMBER);
  assert.match(await phone.locator("#code").inputValue(), /^\d{6}$/);
  await box(phone).check();
  await phone.locator("[data-submit]").click();
  await phone.waitForURL(`${demo.portal}/home`);
  r.noErrors();
});

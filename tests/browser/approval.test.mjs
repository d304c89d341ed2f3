// Portals that let people in one by one, and portals that are closed: whoever waits hears of it at that moment.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Room, approve, bindPhone, matchNumber, openEntrance, panel, startBrowser, typeCode } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

const NUMBER = "13800138000";
/** The page on the phone looks every 2 s. */
const SOON = { timeout: 6_000 };
const options = { timeout: 120_000 };

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

async function room(t, name) {
  return new Room(t, browser, await startDemo(t), name);
}

test("a phone that came by the menu link goes on by itself when it is let in", options, async (t) => {
  const r = await room(t, "approval-menu");
  const { demo } = r;
  await demo.setPortal({ sign_up: "approval" });
  const phone = await r.phone(await demo.person("林小雨"));
  await phone.goto(demo.portal);
  await typeCode(phone, demo, NUMBER);
  await phone.locator("[data-submit]").click();
  await phone.getByRole("heading", { name: "等待批准" }).waitFor();
  await r.picture(phone, "1-held");
  assert.equal((await phone.request.get(`${demo.portal}/me`)).status(), 401);
  assert.ok((await demo.letIn()) > 0);
  await phone.waitForURL(`${demo.portal}/home`, SOON);
  assert.equal((await phone.request.get(`${demo.portal}/me`)).status(), 200);
  await r.picture(phone, "2-home");
  r.noErrors();
});

test("without script the page looks again by itself, and has a button", options, async (t) => {
  const r = await room(t, "approval-without-script");
  const { demo } = r;
  await demo.setPortal({ sign_up: "approval" });
  const phone = await r.phone(await demo.person("孙丽"), { javaScriptEnabled: false, locale: "en-US" });
  await phone.goto(demo.portal);
  await typeCode(phone, demo, NUMBER);
  await phone.locator("[data-submit]").click();
  await phone.getByRole("heading", { name: "Waiting for approval" }).waitFor();
  await r.picture(phone, "1-held");
  await demo.letIn();
  await phone.getByRole("heading", { name: "You can come in" }).waitFor(SOON);
  await r.picture(phone, "2-let-in");
  await phone.getByRole("button", { name: "Go on" }).click();
  await phone.waitForURL(`${demo.portal}/home`);
  assert.equal((await phone.request.get(`${demo.portal}/me`)).status(), 200);
  r.noErrors();
});

test("an approval is live on both ends", options, async (t) => {
  const r = await room(t, "approval-both");
  const { demo } = r;
  await demo.setPortal({ sign_up: "approval" });
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("陈晨"));
  const { scan_url } = await openEntrance(pc, demo);
  await phone.goto(scan_url);
  const match = await matchNumber(pc);
  await bindPhone(phone, demo, NUMBER);
  await phone.locator("#match").fill(match);
  await phone.locator("[data-sign-in]").click();
  await phone.getByRole("heading", { name: "等待批准" }).waitFor();
  await panel(pc, "held");
  await r.picture(phone, "1-held");
  await demo.letIn();
  await Promise.all([
    pc.waitForURL(`${demo.portal}/home`, SOON),
    phone.getByRole("heading", { name: "电脑已登录" }).waitFor(SOON),
  ]);
  await r.picture(phone, "2-done");
  r.noErrors();
});

test("a portal that is closed says so to whoever waits", options, async (t) => {
  const r = await room(t, "closed");
  const { demo } = r;
  const waiting = await r.computer();
  await openEntrance(waiting, demo);
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("赵敏"), { locale: "en-US" });
  const { scan_url } = await openEntrance(pc, demo);
  await phone.goto(scan_url);
  await bindPhone(phone, demo, NUMBER);
  await demo.setPortal({ enabled: false });
  const told = [waiting, pc].map((page) => panel(page, "refused:portal_closed", { timeout: 2_000 }));
  await Promise.all(told);
  await r.picture(waiting, "pc");
  await phone.reload();
  await phone.getByRole("heading", { name: "Closed" }).waitFor();
  await r.picture(phone, "phone");
  r.expect(/status of 403 /);
  assert.equal((await phone.goto(demo.portal)).status(), 403);
  await r.picture(phone, "phone-entrance");

  await demo.setPortal({ enabled: true });
  const again = await openEntrance(pc, demo, () => pc.locator('[data-panel="refused:portal_closed"] [data-new]').click());
  await phone.goto(again.scan_url);
  await phone.locator("[data-sign-in]").waitFor();
  await approve(phone, await matchNumber(pc));
  await pc.waitForURL(`${demo.portal}/home`);
  r.noErrors();
});

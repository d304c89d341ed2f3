// The whole sign-in in a real browser: a computer at the entrance, a phone inside WeChat.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Room, approve, bindPhone, matchNumber, openEntrance, panel, startBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

const NUMBER = "13800138000";
const MASKED = /138\*{4}8000/;
const options = { timeout: 120_000 };

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

async function room(t, name, settings) {
  return new Room(t, browser, await startDemo(t, settings), name);
}

/** A whole first sign-in; the computer ends on its home page. */
async function signIn({ pc, phone, demo, number = NUMBER }) {
  const { scan_url } = await openEntrance(pc, demo);
  await phone.goto(scan_url);
  await panel(pc, "scanned");
  const match = await matchNumber(pc);
  await bindPhone(phone, demo, number);
  await approve(phone, match);
  await pc.waitForURL(`${demo.portal}/home`);
}

for (const [locale, other, words] of [
  ["en-US", "zh-CN", { out: "Not you? Sign out", title: "Scan with WeChat", decision: "在电脑上登录？" }],
  ["zh-CN", "en-US", { out: "不是你？退出登录", title: "微信扫码登录", decision: "Sign in on a computer?" }],
]) {
  test(`first sign-in, second without a code, sign out (${locale})`, options, async (t) => {
    const r = await room(t, `sign-in-${locale}`);
    const { demo } = r;
    const pc = await r.computer({ locale });
    const phone = await r.phone(await demo.person("林小雨"), { locale: other });

    const { scan_url, id } = await openEntrance(pc, demo);
    assert.ok(!scan_url.includes(id));
    assert.equal(await pc.locator('[data-panel="waiting"] h2').textContent(), words.title);
    await pc.locator("[data-qr]").evaluate((image) => image.decode());
    await r.picture(pc, "pc-0-waiting");

    await phone.goto(scan_url);
    await panel(pc, "scanned");
    const match = await matchNumber(pc);
    assert.match(match, /^\d\d$/);
    await r.picture(pc, "pc-1-scanned");
    await r.picture(phone, "phone-1-bind");

    await phone.locator("#phone").fill(NUMBER);
    await phone.locator("[data-send]").click();
    await panel(pc, "verifying");
    await r.picture(pc, "pc-2-verifying");
    await phone.locator("[data-sent]").filter({ hasText: MASKED }).waitFor();
    await phone.locator("#code").fill("000000");
    await r.picture(phone, "phone-2-code");
    await phone.locator("#code").fill(await demo.smsCode(`+86${NUMBER}`));
    await phone.locator("[data-submit]").click();

    await phone.locator("[data-sign-in]").waitFor();
    assert.equal(await phone.locator("h1").textContent(), words.decision);
    const facts = await phone.locator("main").textContent();
    for (const fact of [/Chrome/, /Linux/, /127\.0\.|127\./, /Supplier Portal/, MASKED]) assert.match(facts, fact);
    assert.ok(facts.includes(new URL(demo.url).host));
    await r.picture(phone, "phone-3-approve");
    // The claim is quick: it is held up until there is a picture of it.
    let goOn;
    const pictured = new Promise((resolve) => (goOn = resolve));
    await pc.route(/\/claim$/, async (route) => {
      await pictured;
      await route.continue();
    });
    await approve(phone, match);
    await r.picture(phone, "phone-4-done");
    await panel(pc, "authorized");
    await r.picture(pc, "pc-3-confirmed");
    goOn();

    await pc.waitForURL(`${demo.portal}/home`);
    assert.match(await pc.locator(".whom").textContent(), MASKED);
    await r.picture(pc, "pc-4-home");
    // The picture of the service account's code has its own lines, and not those of the page's icons.
    const lines = await pc.locator(".follow .code svg path").last().evaluate((path) => {
      const { strokeWidth, strokeLinecap, fill } = getComputedStyle(path);
      return [strokeWidth, strokeLinecap, fill];
    });
    assert.deepEqual(lines, ["1px", "butt", "none"]);
    // Signed in already: the entrance leads on.
    await pc.goto(demo.portal);
    assert.equal(pc.url(), `${demo.portal}/home`);
    const again = await openEntrance(pc, demo, () => pc.getByRole("button", { name: words.out }).click());
    assert.equal((await pc.request.get(`${demo.portal}/me`)).status(), 401);

    await phone.goto(again.scan_url);
    await phone.locator("[data-sign-in]").waitFor();
    assert.equal(await phone.locator("#code").count(), 0, "no code the second time");
    // A browser on which this person has signed in before: no number either.
    await panel(pc, "scanned");
    await r.picture(pc, "pc-5-scanned-again");
    await r.picture(phone, "phone-5-approve-again");
    assert.equal(await phone.locator("#match").count(), 0, "no number on a known browser");
    await approve(phone);
    await pc.waitForURL(`${demo.portal}/home`);
    r.noErrors();
  });
}

test("declined on the phone; a new code; the number mistyped", options, async (t) => {
  const r = await room(t, "denied");
  const { demo } = r;
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("陈晨"), { locale: "en-US" });
  const first = await openEntrance(pc, demo);
  await phone.goto(first.scan_url);
  await bindPhone(phone, demo, NUMBER);
  await phone.getByRole("button", { name: "Decline" }).click();
  await phone.getByRole("heading", { name: "Declined" }).waitFor();
  await panel(pc, "denied");
  await r.picture(pc, "pc");
  await r.picture(phone, "phone");

  const second = await openEntrance(pc, demo, () => pc.locator('[data-panel="denied"] [data-new]').click());
  await phone.goto(second.scan_url);
  await phone.locator("[data-sign-in]").waitFor();
  const wrong = (await matchNumber(pc)) === "11" ? "22" : "11";
  await phone.locator("#match").fill(wrong);
  r.expect(/status of 409 .*\/phone\/approve/);
  await phone.locator("[data-sign-in]").click();
  await panel(pc, "denied");
  await phone.waitForLoadState();
  await r.picture(phone, "phone-wrong-number");
  assert.equal((await pc.request.get(`${demo.portal}/me`)).status(), 401);

  const third = await openEntrance(pc, demo, () => pc.locator('[data-panel="denied"] [data-new]').click());
  await phone.goto(third.scan_url);
  await phone.getByRole("button", { name: "I did not ask for this" }).click();
  await panel(pc, "denied");
  r.noErrors();
});

const noWebSocket = (pc) => pc.addInitScript(() => delete globalThis.WebSocket);
const noEvents = (pc) => pc.route(/\/events$/, (route) => route.abort());
for (const [way, instead, ...blocks] of [
  ["a proxy that breaks WebSockets", /\/events$/, (pc) => pc.routeWebSocket(/\/ws$/, (ws) => ws.close({ code: 1006 }))],
  ["no WebSocket at all", /\/events$/, noWebSocket],
  ["neither WebSocket nor server-sent events", /\?wait=25&after=\d+$/, noWebSocket, noEvents],
]) {
  test(`signs in with ${way}`, options, async (t) => {
    const r = await room(t, "fallback");
    const pc = await r.computer();
    for (const block of blocks) await block(pc);
    r.expect(/WebSocket/);
    r.expect(/ERR_FAILED .*\/events/);
    const fallen = pc.waitForRequest(instead);
    await signIn({ pc, phone: await r.phone(await r.demo.person("周舟")), demo: r.demo });
    await fallen;
    r.noErrors();
  });
}

test("an expired code renews by itself, five times", options, async (t) => {
  const r = await room(t, "renewed", { MENFANG__LIFETIMES__QR_SECONDS: "1" });
  const { demo } = r;
  const pc = await r.computer();
  const links = [];
  pc.on("response", async (answer) => {
    if (answer.url() === `${demo.portal}/qr`) links.push((await answer.json()).scan_url);
  });
  const old = await openEntrance(pc, demo);
  await panel(pc, "expired", { timeout: 60_000 });
  assert.equal(new Set(links).size, 6);
  await r.picture(pc, "pc-expired");

  const phone = await r.phone(await demo.person("王芳"));
  r.expect(/status of 410 /);
  assert.equal((await phone.goto(old.scan_url)).status(), 410);
  await r.picture(phone, "phone-late");
  const fresh = await openEntrance(pc, demo, () => pc.locator('[data-panel="expired"] [data-new]').click());
  assert.ok(!links.slice(0, 6).includes(fresh.scan_url));
  r.noErrors();
});

test("the server is killed after the scan and started again", options, async (t) => {
  const r = await room(t, "restart");
  const { demo } = r;
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("赵敏"));
  const { scan_url } = await openEntrance(pc, demo);
  await phone.goto(scan_url);
  await panel(pc, "scanned");
  const match = await matchNumber(pc);
  await demo.kill();
  r.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  r.expect(/WebSocket connection to .* failed/);
  await pc.locator("[data-reconnecting]").waitFor();
  await r.picture(pc, "pc-reconnecting");
  await demo.start();
  await bindPhone(phone, demo, NUMBER);
  await approve(phone, match);
  await pc.waitForURL(`${demo.portal}/home`, { timeout: 60_000 });
  r.noErrors();
});

test("the server is restarted while somebody waits, and once more while they confirm", options, async (t) => {
  const r = await room(t, "restarted", { MENFANG__HTTP__SHUTDOWN_SECONDS: "3" });
  const { demo } = r;
  r.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  r.expect(/WebSocket connection to .* failed/);
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("郑爽"));
  const restart = async () => {
    const line = pc.locator("[data-reconnecting]");
    const stopped = demo.terminate();
    await line.waitFor();
    assert.equal((await line.textContent()).trim(), "Reconnecting…");
    assert.equal(await stopped, 0);
    await demo.start();
  };
  const { scan_url } = await openEntrance(pc, demo);
  await restart();
  // The code that was shown before holds.
  await phone.goto(scan_url);
  await panel(pc, "scanned", { timeout: 60_000 });
  const match = await matchNumber(pc);
  await restart();
  assert.equal(await matchNumber(pc), match);
  await bindPhone(phone, demo, NUMBER);
  await approve(phone, match);
  await pc.waitForURL(`${demo.portal}/home`, { timeout: 20_000 });
  r.noErrors();
});

test("the phone's pages are plain forms: no script", options, async (t) => {
  const r = await room(t, "phone-without-script");
  const { demo } = r;
  const pc = await r.computer();
  const phone = await r.phone(await demo.person("孙丽"), { javaScriptEnabled: false });
  const { scan_url } = await openEntrance(pc, demo);
  await phone.goto(scan_url);
  const match = await matchNumber(pc);
  await phone.locator("#phone").fill(NUMBER);
  await phone.locator("[data-send]").click();
  await phone.locator("[data-sent]").filter({ hasText: MASKED }).waitFor();
  await r.picture(phone, "code");
  const right = await demo.smsCode(`+86${NUMBER}`);
  await phone.locator("#code").fill(right === "111111" ? "222222" : "111111");
  r.expect(/status of 422 /);
  await phone.locator("[data-submit]").click();
  await phone.locator("[data-error]:visible").waitFor();
  await r.picture(phone, "wrong-code");
  await phone.locator("#code").fill(right);
  await phone.locator("[data-submit]").click();
  await phone.locator("[data-sign-in]").waitFor();
  await approve(phone, match);
  await pc.waitForURL(`${demo.portal}/home`);
  r.noErrors();
});

test("a computer without script, and a phone outside WeChat, are told what to do", options, async (t) => {
  const r = await room(t, "told");
  const { demo } = r;
  const pc = await r.computer({ javaScriptEnabled: false });
  await pc.goto(demo.portal);
  const told = pc.locator("noscript .sub").first();
  await told.waitFor({ state: "visible" });
  assert.match(await told.textContent(), /needs scripts \(JavaScript\)/);
  await r.picture(pc, "pc-without-script");

  const phone = await r.phone(null, {
    locale: "en-US",
    userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
  });
  await phone.goto(demo.portal);
  await phone.getByRole("heading", { name: "Please open this in WeChat" }).waitFor();
  await r.picture(phone, "phone-outside-wechat");
  r.noErrors();
});

test("the sandbox's pretend phone signs in", options, async (t) => {
  const r = await room(t, "pretend-phone");
  const { demo } = r;
  const pc = await r.computer();
  const { scan_url } = await openEntrance(pc, demo);
  // A page of an ordinary browser: it plays WeChat's by the link it opens.
  const play = await r.computer();
  await play.goto(demo.phone_url);
  await r.picture(play, "1-nobody");
  await play.locator("#nickname").fill("小明");
  await play.getByRole("button", { name: "Create" }).click();
  await play.locator("#link").fill(scan_url);
  await r.picture(play, "2-holding");
  const opened = play.waitForEvent("popup");
  await play.getByRole("button", { name: "Open in WeChat" }).click();
  const phone = await opened;
  const match = await matchNumber(pc);
  await bindPhone(phone, demo, NUMBER);
  await play.locator("#messages output").first().waitFor();
  await r.picture(play, "3-message");
  await approve(phone, match);
  await pc.waitForURL(`${demo.portal}/home`);
  r.noErrors();
});

test("a phone with a menu link signs in on the phone itself", options, async (t) => {
  const r = await room(t, "menu");
  const { demo } = r;
  const phone = await r.phone(await demo.person("吴迪"));
  await phone.goto(demo.portal);
  await phone.locator("#phone").fill(NUMBER);
  await phone.locator("[data-send]").click();
  await phone.locator("[data-sent]").filter({ hasText: MASKED }).waitFor();
  await phone.locator("#code").fill(await demo.smsCode(`+86${NUMBER}`));
  await phone.locator("[data-submit]").click();
  await phone.waitForURL(`${demo.portal}/home`);
  await r.picture(phone, "phone-home");
  r.noErrors();
});

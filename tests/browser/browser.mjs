// A headless Chromium with a computer and a phone in it, which share nothing; every error a page reports is kept.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { screenshots } from "./demo.mjs";

const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko)";
const COMPUTER_AGENT = `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Chrome/140.0.0.0 Safari/537.36`;
const PHONE_AGENT =
  `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${CHROME} Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 ` +
  "MicroMessenger/8.0.50.2701(0x28003258) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64";
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One browser for a whole file of tests. */
export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** The pages of one test; at its end no page may have reported anything but what the test expects. */
export class Room {
  #errors = [];
  #expected = [];
  #contexts = [];

  constructor(t, browser, demo, name) {
    this.browser = browser;
    this.demo = demo;
    this.name = name;
    t.after(() => this.close());
  }

  async close() {
    const contexts = this.#contexts.splice(0);
    await Promise.all(contexts.map((context) => context.close()));
  }

  /** Says that console errors like this one belong to the test. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  noErrors() {
    const unexpected = this.#errors.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "errors reported by pages");
  }

  async computer({ locale = "en-US", ...more } = {}) {
    return this.#page({ locale, viewport: SIZES.wide, userAgent: COMPUTER_AGENT, ...more });
  }

  async phone(person, { locale = "zh-CN", ...more } = {}) {
    const cookies = person && [
      { name: "sandbox_person", value: person.id, url: this.demo.sandbox_url },
      { name: "sandbox_consent", value: "yes", url: this.demo.sandbox_url },
    ];
    const size = { viewport: SIZES.narrow, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    return this.#page({ locale, ...size, userAgent: PHONE_AGENT, ...more }, cookies);
  }

  async #page(options, cookies) {
    const context = await this.browser.newContext(options);
    this.#contexts.push(context);
    context.setDefaultTimeout(20_000);
    if (cookies) await context.addCookies(cookies);
    context.on("page", (page) => this.#listen(page));
    return context.newPage();
  }

  #listen(page) {
    // Chromium reports violations of the content security policy as console errors too.
    page.on("console", (message) => {
      if (message.type() === "error") this.#errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#errors.push(String(error)));
  }

  /** Keeps a picture of a state, as wide as a computer's window and as narrow as a phone's. */
  async picture(page, state) {
    await mkdir(screenshots, { recursive: true });
    const own = page.viewportSize();
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      const path = join(screenshots, `${this.name}-${state}-${size}.png`);
      // Transitions are over at once, so that a picture shows the state and not the way to it.
      await page.screenshot({ path, animations: "disabled", fullPage: true });
    }
    await page.setViewportSize(own);
  }
}

/** Opens the entrance, or shows a new code on it; answers what the server answered the page. */
export async function openEntrance(page, demo, again = () => page.goto(demo.portal)) {
  const answer = page.waitForResponse((r) => r.url() === `${demo.portal}/qr` && r.request().method() === "POST");
  await again();
  const response = await answer;
  assert.equal(response.status(), 201);
  await panel(page, "waiting");
  return response.json();
}

/** Waits until this panel of the entrance is seen. */
export async function panel(page, name, options) {
  await page.locator(`[data-panel="${name}"]`).waitFor({ state: "visible", ...options });
}

/** The number that the entrance shows for the phone to type. */
export async function matchNumber(page) {
  const number = page.locator("[data-match]:visible");
  await number.waitFor();
  return (await number.textContent()).trim();
}

/** Types a number and the code that is sent to it; the button is not pressed yet. */
export async function typeCode(phone, demo, number) {
  await phone.locator("#phone").fill(number);
  const sent = phone.waitForResponse((r) => r.url().endsWith("/phone/code") && r.request().method() === "POST");
  await phone.locator("[data-send]").click();
  assert.ok([202, 303].includes((await sent).status()), "the code was sent");
  await phone.waitForLoadState();
  await phone.locator("#code").fill(await demo.smsCode(`+86${number}`));
}

/** First steps of the phone: number, code, on to the decision. */
export async function bindPhone(phone, demo, number) {
  await typeCode(phone, demo, number);
  await phone.locator("[data-submit]").click();
  await phone.locator("[data-sign-in]").waitFor();
}

/** The decision "yes", with the computer's number if the phone asks for one. */
export async function approve(phone, number) {
  const field = phone.locator("#match");
  if (await field.count()) await field.fill(number);
  // Playwright waits until the button is enabled.
  await phone.locator("[data-sign-in]").click();
  await phone.locator(".mark.good").waitFor();
}

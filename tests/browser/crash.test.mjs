// The server is killed with SIGKILL at each step of a sign-in and started again on the same data and ports. What had
// been answered must hold: the person goes on where they were, or, where nothing had been scanned, scans again.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import WebSocket from "ws";

import { startDemo } from "./demo.mjs";

const NUMBER = "13900139000";
const options = { timeout: 120_000 };
const WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50 Language/zh_CN";

/** A client with cookies of its own, which follows no redirect by itself. */
class Client {
  #cookies = new Map();

  constructor(demo, agent) {
    this.demo = demo;
    this.agent = agent;
  }

  give(name, value) {
    this.#cookies.set(name, value);
  }

  get cookie() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(path, { form, json = true } = {}) {
    const answer = await fetch(new URL(path, this.demo.url), {
      method: form ? "POST" : "GET",
      body: form && new URLSearchParams(form),
      redirect: "manual",
      headers: {
        "User-Agent": this.agent,
        Cookie: this.cookie,
        ...(json && { Accept: "application/json" }),
        ...(form && { Origin: this.demo.url }),
      },
      signal: AbortSignal.timeout(20_000),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.#cookies.set(name, value);
    }
    return answer;
  }
}

class Computer extends Client {
  constructor(demo) {
    super(demo, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36");
  }

  async newCode() {
    const answer = await this.ask(`/p/${this.demo.slug}/qr`, { form: {} });
    assert.equal(answer.status, 201);
    this.session = await answer.json();
  }

  /** Connects, and answers the first frame that is in one of these states. */
  async state(...wanted) {
    const url = new URL(this.session.live.websocket, this.demo.url);
    url.protocol = "ws:";
    const ws = new WebSocket(url, "menfang.qr.v1", { headers: { Cookie: this.cookie, Origin: this.demo.url } });
    try {
      return await new Promise((resolve, reject) => {
        ws.on("message", (text) => {
          const frame = JSON.parse(text);
          if (wanted.includes(frame.state)) resolve(frame);
        });
        ws.on("error", reject);
        ws.on("close", (code) => reject(new Error(`closed with ${code}, waiting for ${wanted}`)));
      });
    } finally {
      ws.terminate();
    }
  }

  claim() {
    return this.ask(this.session.claim, { form: {} });
  }

  async signedIn() {
    return (await this.ask(`/p/${this.demo.slug}/me`)).status === 200;
  }
}

class Phone extends Client {
  constructor(demo, person) {
    super(demo, WECHAT);
    this.give("sandbox_person", person.id);
  }

  async scan(link) {
    let place = link;
    for (let n = 0; n < 6; n += 1) {
      const answer = await this.ask(place, { json: false });
      if (answer.status === 200) return;
      assert.ok([302, 303].includes(answer.status), `${answer.status} on the way to the phone's page`);
      place = new URL(answer.headers.get("Location"), new URL(place, this.demo.url)).href;
    }
    assert.fail("too many redirects");
  }

  async step() {
    const answer = await this.ask(`/p/${this.demo.slug}/phone`);
    assert.equal(answer.status, 200);
    return answer.json();
  }

  async post(what, fields = {}) {
    const { csrf } = await this.step();
    return this.ask(`/p/${this.demo.slug}/phone/${what}`, { form: { csrf, ...fields } });
  }
}

/** The steps of a first sign-in, in order. */
const STEPS = {
  "the QR was shown": async ({ pc }) => {
    await pc.newCode();
  },
  "the scan": async ({ pc, phone }) => {
    await phone.scan(pc.session.scan_url);
    assert.equal((await phone.step()).step, "bind");
  },
  "the code was sent": async ({ phone }) => {
    assert.equal((await phone.post("code", { phone: NUMBER })).status, 202);
  },
  "the phone was bound": async ({ demo, phone }) => {
    const answer = await phone.post("bind", { phone: NUMBER, code: await demo.smsCode(`+86${NUMBER}`) });
    assert.equal(answer.status, 200);
    assert.equal((await phone.step()).step, "approve");
  },
  "the approval": async ({ pc, phone }) => {
    const { match } = await pc.state("scanned", "verifying");
    assert.match(match, /^\d\d$/);
    assert.equal((await phone.post("approve", { match })).status, 200);
  },
  "the claim": async ({ pc }) => {
    await pc.state("authorized");
    const answer = await pc.claim();
    assert.equal(answer.status, 200);
    assert.ok(await pc.signedIn());
  },
};

for (const crash of Object.keys(STEPS)) {
  test(`killed after ${crash}`, options, async (t) => {
    const demo = await startDemo(t);
    const pc = new Computer(demo);
    const phone = new Phone(demo, await demo.person("郑爽"));
    for (const [name, step] of Object.entries(STEPS)) {
      await step({ demo, pc, phone });
      if (name !== crash) continue;
      await demo.kill();
      await demo.start();
    }
    assert.ok(await pc.signedIn(), "the login outlives the crash");
    assert.equal((await phone.step()).step, "done");
  });
}

test("a claim whose answer was lost is not given twice", options, async (t) => {
  const demo = await startDemo(t);
  const pc = new Computer(demo);
  const phone = new Phone(demo, await demo.person("郑爽"));
  for (const name of Object.keys(STEPS).slice(0, -1)) await STEPS[name]({ demo, pc, phone });
  await pc.state("authorized");
  // Another client with the same cookies: what it is answered never reaches the browser.
  const lost = new Computer(demo);
  for (const pair of pc.cookie.split("; ")) lost.give(...pair.split("="));
  lost.session = pc.session;
  assert.equal((await lost.claim()).status, 200);
  await demo.kill();
  await demo.start();

  const again = await pc.claim();
  assert.equal(again.status, 409);
  assert.equal((await again.json()).code, "already_claimed");
  assert.ok(!(await pc.signedIn()));

  // A scan is enough now: the account is there, and this is a browser where the person has signed in before.
  await pc.newCode();
  await phone.scan(pc.session.scan_url);
  const { step, match_required: asked } = await phone.step();
  assert.deepEqual({ step, asked }, { step: "approve", asked: false });
  assert.equal((await phone.post("approve")).status, 200);
  await STEPS["the claim"]({ demo, pc, phone });
});

test("a person whose code was never scanned scans it after the crash", options, async (t) => {
  const demo = await startDemo(t);
  const pc = new Computer(demo);
  await pc.newCode();
  const url = new URL(pc.session.live.websocket, demo.url);
  url.protocol = "ws:";
  const ws = new WebSocket(url, "menfang.qr.v1", { headers: { Cookie: pc.cookie, Origin: demo.url } });
  await once(ws, "message");
  const lost = once(ws, "close");
  await demo.kill();
  assert.equal((await lost)[0], 1006);
  await demo.start();
  assert.equal((await pc.state("waiting")).state, "waiting");
});

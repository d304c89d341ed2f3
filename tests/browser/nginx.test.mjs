// The example of deploy/: an app behind nginx, open to whoever is signed in at the portal.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Room, approve, bindPhone, matchNumber, openEntrance, panel, startBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { freeAddress, startNginx } from "./nginx.mjs";
import { postgres, startNodes } from "./nodes.mjs";

const NUMBER = "13800138000";
const options = { timeout: 120_000 };
const root = fileURLToPath(new URL("../..", import.meta.url));

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** Menfang with nginx in front of it. */
async function behindNginx(t, slug, more = {}) {
  const [listen, menfang] = [await freeAddress(), await freeAddress()];
  const settings = { MENFANG__HTTP__PUBLIC_URL: `http://${listen}`, MENFANG__HTTP__TRUSTED_PROXIES: "127.0.0.1", ...more };
  const demo = await startDemo(t, settings, menfang);
  assert.equal(demo.url, `http://${listen}`);
  await startNginx(t, { listen, menfang, slug });
  return demo;
}

test("an app behind nginx is open to whoever is signed in at its portal, and to nobody else", options, async (t) => {
  const slug = "suppliers";
  const demo = await behindNginx(t, slug);
  const r = new Room(t, browser, demo, "nginx");
  // What a browser asks for by itself when a text names no icon; the example's app has none.
  r.expect(/favicon\.ico/);
  const app = `${demo.url}/app/orders?page=2`;
  const [pc, stranger] = [await r.computer(), await r.computer()];
  const phone = await r.phone(await demo.person("林小雨"));

  // Nobody is signed in: the portal. Its live connection goes through nginx as a WebSocket.
  const sockets = [];
  pc.on("websocket", (socket) => sockets.push(socket.url()));
  const { scan_url } = await openEntrance(pc, demo, () => pc.goto(app));
  assert.equal(pc.url(), demo.portal);
  await phone.goto(scan_url);
  await panel(pc, "scanned");
  await bindPhone(phone, demo, NUMBER);
  await approve(phone, await matchNumber(pc));
  await pc.waitForURL(`${demo.portal}/home`);
  assert.match(sockets[0], new RegExp(`^ws://${new URL(demo.url).host}/qr/.*/ws$`));

  const { id } = await (await pc.request.get(`${demo.portal}/me`)).json();
  assert.match(id, /^usr_/);
  const opened = await pc.goto(app);
  assert.equal(await opened.text(), `signed in as ${id}\n`);
  // Whom a visitor says to be does not count.
  const lied = { headers: { "X-Menfang-User": "usr_somebody" }, maxRedirects: 0 };
  assert.equal(await (await pc.request.get(app, lied)).text(), `signed in as ${id}\n`);

  // The app sees its own cookies, and none that signs anybody in, wherever they stand among each other.
  await pc.context().addCookies([{ name: "cart", value: "7", url: demo.url }]);
  assert.equal(await (await pc.request.get(`${demo.url}/app/cookies`)).text(), "cart=7");
  const cookies = await pc.context().cookies(demo.url);
  const login = cookies.find(({ name }) => name === `menfang_login_${slug}`);
  const signedIn = `${login.name}=${login.value}`;
  const seen = async (...sent) => {
    const answer = await fetch(`${demo.url}/app/cookies`, { headers: { Cookie: sent.join("; ") }, redirect: "manual" });
    assert.equal(answer.status, 200);
    return answer.text();
  };
  assert.equal(await seen(signedIn), "");
  assert.equal(await seen(signedIn, "a=1"), "a=1");
  assert.equal(await seen("a=1", signedIn), "a=1");
  const mixed = ["a=1", "menfang_device=x", signedIn, "b=menfang_2", "__Host-menfang_login_x=y", "my_menfang_c=3", "menfang_phone=z"];
  assert.equal(await seen(...mixed), "a=1; b=menfang_2; my_menfang_c=3");
  // More of a mix than any browser sends: rather none of them than one of Menfang's.
  const wild = Array.from({ length: 8 }, (_, place) => [`a${place}=1`, `menfang_${place}=1`]).flat();
  assert.equal(await seen(signedIn, ...wild), "");

  const away = async (page, more = {}) => {
    const answer = await page.request.get(app, { maxRedirects: 0, ...more });
    assert.deepEqual([answer.status(), answer.headers().location], [302, `/p/${slug}`]);
  };
  await away(stranger);
  await away(stranger, lied);
  assert.equal((await stranger.request.get(`${demo.url}/_menfang/me`)).status(), 404, "nginx's own question is not for visitors");
  await openEntrance(stranger, demo, () => stranger.goto(app));
  await r.picture(stranger, "sent-away");

  // Signed out.
  await pc.goto(`${demo.portal}/home`);
  const { scan_url: again } = await openEntrance(pc, demo, () =>
    pc.getByRole("button", { name: "Not you? Sign out" }).click(),
  );
  await away(pc);

  // Signed in once more, and disabled by the organization's backend.
  await phone.goto(again);
  await approve(phone);
  await pc.waitForURL(`${demo.portal}/home`);
  assert.equal(await (await pc.goto(app)).text(), `signed in as ${id}\n`);
  const account = `${demo.url}/api/v1/apps/${demo.apps[0].id}/external-users/${id}`;
  const key = { Authorization: `Bearer ${demo.organization.api_key}`, "Content-Type": "application/json" };
  const disabled = await fetch(account, { method: "PATCH", headers: key, body: JSON.stringify({ status: "disabled" }) });
  assert.equal(disabled.status, 200);
  await away(pc);
  r.noErrors();
});

test("who waits while nothing stands behind nginx is told so, and a code comes by itself", options, async (t) => {
  const demo = await behindNginx(t, "suppliers", { MENFANG__LIFETIMES__QR_SECONDS: "2" });
  const r = new Room(t, browser, demo, "nginx-busy");
  r.expect(/status of 502 /);
  r.expect(/WebSocket connection to .* failed/);
  const pc = await r.computer();
  await openEntrance(pc, demo);
  await demo.kill();
  // Its code ends, and the next one is asked for in vain.
  await panel(pc, "busy", { timeout: 40_000 });
  await r.picture(pc, "pc");
  await demo.start();
  await panel(pc, "waiting", { timeout: 40_000 });
  r.noErrors();
});

const upstream = "max_fails=10 fail_timeout=2s"; // as in cluster.compose.yaml
const nodes = postgres ? options : { ...options, skip: "MENFANG_TEST_DATABASE names no PostgreSQL" };
test("two nodes behind nginx serve one sign-in, and one of them goes on when the other is stopped", nodes, async (t) => {
  const listen = await freeAddress();
  const all = await startNodes(t, `http://${listen}`, 2);
  const [one, two] = all.nodes;
  await startNginx(t, { listen, menfang: `${one.address} ${upstream}; server ${two.address} ${upstream}`, slug: "suppliers" });
  const r = new Room(t, browser, all, "nginx-nodes");
  const pc = await r.computer();
  const phone = await r.phone(await all.person("林小雨"));
  const { scan_url } = await openEntrance(pc, all);
  await phone.goto(scan_url);
  await panel(pc, "scanned");
  await bindPhone(phone, all, NUMBER);
  await approve(phone, await matchNumber(pc));
  await pc.waitForURL(`${all.portal}/home`);
  for (const node of all.nodes) assert.ok((await node.counts("menfang_http_requests_total")) > 2, "both took part");

  // Once more; the node that the browser is connected to goes away in the middle of it.
  const again = await openEntrance(pc, all, () => pc.getByRole("button", { name: "Not you? Sign out" }).click());
  await phone.goto(again.scan_url);
  await panel(pc, "scanned");
  const sockets = await Promise.all(all.nodes.map((node) => node.counts("menfang_sockets")));
  assert.deepEqual(sockets.toSorted(), [0, 1]);
  const stopping = all.nodes[sockets.indexOf(1)];
  const stopped = stopping.stop();
  await r.picture(pc, "pc-reconnecting");
  await pc.locator("[data-reconnecting]").waitFor({ state: "hidden" });
  await approve(phone);
  await pc.waitForURL(`${all.portal}/home`);
  assert.equal(await stopped, 0, "it ended well");
  r.noErrors();
});

test("the examples use settings that there are", async () => {
  const known = await readFile(`${root}/docs/configuration.md`, "utf8");
  for (const name of ["compose.yaml", "cluster.compose.yaml"]) {
    const example = await readFile(`${root}/deploy/${name}`, "utf8");
    const settings = [...example.matchAll(/(MENFANG__\w+?)(?:_FILE)?:/g)].map(([, setting]) => setting);
    assert.ok(settings.length > 4);
    for (const setting of settings) assert.ok(known.includes(`\`${setting}\``), setting);
  }
});

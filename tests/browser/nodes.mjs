// Several nodes of Menfang on one database server, with a pretend WeChat: real processes on free ports, started and ended by us.

import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { person, program, smsCode } from "./demo.mjs";
import { freeAddress } from "./nginx.mjs";

/** A PostgreSQL where databases may be made, and a Redis, if there are such. */
export const postgres = /^postgres/.test(process.env.MENFANG_TEST_DATABASE ?? "") && process.env.MENFANG_TEST_DATABASE;
const redis = process.env.MENFANG_TEST_REDIS;

const START_MS = 60_000;
const APPID = "wx0123456789abcdef";
const account = { secret: "0123456789abcdef0123456789abcdef", token: "TokenOfTheTests", encoding_aes_key: "a".repeat(43) };

/** So many nodes behind one public address, with an organization, an app `suppliers` and its service account. */
export async function startNodes(t, url, count) {
  const folder = await mkdtemp(join(tmpdir(), "menfang-nodes-"));
  const name = `menfang_${randomBytes(8).toString("hex")}`;
  const sql = (text) => execFileSync("psql", ["--quiet", "--no-psqlrc", postgres, "--command", text]);
  sql(`CREATE DATABASE ${name}`);
  const processes = [];
  t.after(async () => {
    for (const child of processes) await end(child, "SIGKILL");
    sql(`DROP DATABASE ${name} WITH (FORCE)`);
    await rm(folder, { recursive: true, force: true });
  });
  const key = () => randomBytes(32).toString("base64");
  const { child, line } = await start(["sandbox", "--json", "--listen", "127.0.0.1:0"], {});
  processes.push(child);
  const { url: sandbox_url } = JSON.parse(line);
  const settings = {
    MENFANG__HTTP__PUBLIC_URL: url,
    MENFANG__HTTP__TRUSTED_PROXIES: "127.0.0.1",
    MENFANG__DATABASE__URL: postgres.replace(/\/[^/]*$/, `/${name}`),
    MENFANG__DATABASE__CONNECTIONS: "6",
    MENFANG__DATABASE__BACKGROUND_CONNECTIONS: "4",
    ...(redis && { MENFANG__REDIS__URL: redis, MENFANG__REDIS__PREFIX: name }),
    MENFANG__WECHAT__API_URL: sandbox_url,
    MENFANG__WECHAT__OPEN_URL: sandbox_url,
    MENFANG__WECHAT__AVATAR_ORIGINS: sandbox_url,
    MENFANG__SMS__PROVIDER: "http",
    MENFANG__SMS__HTTP__URL: `${sandbox_url}/sms`,
    MENFANG__SMS__HTTP__SECRET: key(),
    MENFANG__SECRETS__ENCRYPTION_KEYS: `k1:${key()}`,
    MENFANG__SECRETS__INDEX_KEY: key(),
    MENFANG__SECRETS__SIGNING_KEY: key(),
  };
  const admin = (...args) => {
    const output = execFileSync(program, ["admin", ...args], { env: { ...process.env, ...settings } });
    return JSON.parse(output);
  };
  const { id: organization } = admin("create-organization", "--name", "Example Ltd");
  admin("create-app", "--organization", organization, "--name", "Suppliers", "--slug", "suppliers");
  await writeFile(join(folder, "secrets.json"), JSON.stringify(account));
  const bind = ["bind-service-account", "--no-check", "--organization", organization, "--appid", APPID];
  admin(...bind, "--secrets", join(folder, "secrets.json"));
  await register(sandbox_url, url);
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => {
      const node = await startNode(settings);
      processes.push(node.child);
      return node;
    }),
  );
  const portal = `${url}/p/suppliers`;
  return { url, portal, sandbox_url, nodes, person: (name) => person(sandbox_url, name), smsCode: (phone) => smsCode(sandbox_url, phone) };
}

async function register(sandbox_url, url) {
  const body = { ...account, appid: APPID, original_id: "gh_0123456789ab", mode: "safe" };
  const more = { callback_url: `${url}/wechat/${APPID}/events`, redirect_domains: [new URL(url).host] };
  const headers = { "Content-Type": "application/json" };
  const asked = { method: "POST", headers, body: JSON.stringify({ ...body, ...more }) };
  const answer = await fetch(`${sandbox_url}/sandbox/accounts`, asked);
  if (!answer.ok) throw new Error(`the sandbox said ${answer.status}`);
}

async function startNode(settings) {
  const [address, ops] = [await freeAddress(), await freeAddress()];
  const child = spawn(program, ["serve"], {
    env: { ...process.env, ...settings, MENFANG__HTTP__LISTEN: address, MENFANG__OPS__LISTEN: ops },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (text) => (log = (log + text).slice(-20_000)));
  const late = Date.now() + START_MS;
  const ready = () => fetch(`http://${ops}/readyz`).then(({ ok }) => ok, () => false);
  while (!(await ready())) {
    if (child.exitCode !== null || Date.now() > late) throw new Error(`a node did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    address,
    child,
    /** What this node counts under a name, added up over its labels. */
    async counts(name) {
      const page = await (await fetch(`http://${ops}/metrics`)).text();
      const lines = page.split("\n").filter((line) => new RegExp(`^${name}[ {]`).test(line));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    },
    stop: () => end(child, "SIGTERM"),
  };
}

async function start(args, settings) {
  const child = spawn(program, args, { env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, line };
}

/** Ends a process; gives its exit code. */
async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill(signal);
  return (await ended)[0];
}

// A demo of Menfang for one test: on free ports, with its own data, started, killed and started again by its pid.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = process.env.MENFANG ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/menfang");
const START_MS = 60_000;

export const screenshots = join(root, "test-output/screenshots");

/** A demo that runs; `t` is the test, at whose end it is stopped and its data removed. Who needs to know the port before it starts says which. */
export async function startDemo(t, settings = {}, listen = "127.0.0.1:0") {
  if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build`);
  const data = await mkdtemp(join(tmpdir(), "menfang-test-"));
  const demo = new Demo(data, settings, listen);
  t.after(async () => {
    await demo.stop();
    await rm(data, { recursive: true, force: true });
  });
  await demo.start();
  return demo;
}

class Demo {
  #process = null;
  #log = "";
  #listen;

  constructor(data, settings, listen) {
    this.data = data;
    this.settings = settings;
    this.#listen = [listen, "127.0.0.1:0", "127.0.0.1:0"];
  }

  /** Starts it; the second time on the ports of the first. */
  async start() {
    const [portal, sandbox, ops] = this.#listen;
    const args = ["demo", "--json", "--listen", portal, "--sandbox-listen", sandbox, "--ops-listen", ops];
    const child = spawn(program, [...args, "--data", this.data], {
      env: { ...process.env, ...this.settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    child.stderr.on("data", (text) => (this.#log = (this.#log + text).slice(-20_000)));
    const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), "line").then(([first]) => first),
      once(child, "exit").then(() => null),
    ]);
    clearTimeout(late);
    if (line === null) throw new Error(`the demo did not start: ${this.#log}`);
    Object.assign(this, JSON.parse(line));
    this.slug = this.apps[0].slug;
    this.portal = `${this.url}/p/${this.slug}`;
    const own = [this.url, this.sandbox_url, this.ops_url].map((url) => new URL(url).host);
    this.#listen = this.#listen.map((address, place) => (address.endsWith(":0") ? own[place] : address));
  }

  /** As when the power fails: nothing is said, nothing is written any more. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** As an operator stops it: it drains, and ends. Gives its exit code. */
  async terminate() {
    await this.#end("SIGTERM");
    return this.#process.exitCode;
  }

  async stop() {
    // Nothing is asked of the data afterwards, so there is no point in waiting for open pages to leave.
    await this.#end("SIGKILL");
  }

  async #end(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Somebody with a WeChat account. */
  person(nickname) {
    return person(this.sandbox_url, nickname);
  }

  /** Asks the API with the organization's key. */
  async api(method, path, body) {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.organization.api_key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** Changes settings of the first portal. */
  setPortal(settings) {
    return this.api("PATCH", `/apps/${this.apps[0].id}/portal`, settings);
  }

  /** Publishes a version of the first portal's terms. */
  setTerms(version) {
    // Any page of this machine will do.
    return this.setPortal({ terms_url: this.sandbox_url, terms_version: version });
  }

  /** Lets everybody in who waits at the first portal. */
  async letIn() {
    const people = `/apps/${this.apps[0].id}/external-users`;
    const { items } = await this.api("GET", `${people}?status=pending`);
    for (const { id } of items) await this.api("POST", `${people}/${id}/approve`);
    return items.length;
  }

  /** The newest code that was sent to a phone number. */
  smsCode(phone) {
    return smsCode(this.sandbox_url, phone);
  }
}

/** Somebody with an account of the pretend WeChat. */
export async function person(sandbox_url, nickname) {
  const answer = await fetch(`${sandbox_url}/sandbox/people`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ nickname }),
  });
  if (answer.status !== 201) throw new Error(`the sandbox said ${answer.status}`);
  return answer.json();
}

/** The newest code that was sent to a phone number. */
export async function smsCode(sandbox_url, phone) {
  const answer = await fetch(`${sandbox_url}/sandbox/sms?phone=${encodeURIComponent(phone)}`);
  const { items } = await answer.json();
  if (items.length === 0) throw new Error(`no SMS for ${phone}`);
  return items.at(-1).code;
}

// Debian's nginx with the configuration of deploy/: in a folder of its own, on free ports, started and ended by us.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));
const program = process.env.NGINX ?? "/usr/sbin/nginx";
const START_MS = 10_000;

/** An address of this machine that nobody listens on. */
export async function freeAddress() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address();
  server.close();
  await once(server, "close");
  return `${address}:${port}`;
}

/** A file of deploy/ with its ${…} filled in, as nginx's image does it: what is not given stays. */
async function fill(name, values) {
  const text = await readFile(join(deploy, name), "utf8");
  return text.replace(/\$\{([A-Z]+)\}/g, (whole, key) => values[key] ?? whole);
}

/** nginx in front of Menfang and of a small app; `t` is the test, at whose end it is stopped. */
export async function startNginx(t, { listen, menfang, slug }) {
  const folder = await mkdtemp(join(tmpdir(), "menfang-nginx-"));
  const app = await freeAddress();
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const main = `
    daemon off;
    pid nginx.pid;
    worker_processes 1;
    ${process.getuid() === 0 ? "user root;" : ""}
    events {}
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${kind};`).join(" ")}
      ${await fill("nginx.conf.template", { LISTEN: listen, MENFANG: menfang, APP: app, SLUG: slug })}
      ${await fill("app.conf.template", { LISTEN: app })}
    }`;
  await writeFile(join(folder, "nginx.conf"), main);
  const child = spawn(program, ["-p", folder, "-e", "stderr", "-c", "nginx.conf"], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (text) => (log = (log + text).slice(-20_000)));
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const late = Date.now() + START_MS;
  while (!(await accepts(listen))) {
    if (child.exitCode !== null || Date.now() > late) throw new Error(`nginx did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function accepts(address) {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

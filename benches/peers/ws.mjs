// Holds WebSockets by the package `ws`: GET /ws/ID waits, POST /push/ID tells it something.

import { createServer } from "node:http";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(new URL("../../tests/browser/package.json", import.meta.url))("ws");
const FRAME = '{"type":"state","seq":3,"state":"authorized","expires_in_ms":60000}';

const waiting = new Map();
const server = createServer((request, answer) => {
  const socket = waiting.get(request.url.replace("/push/", ""));
  socket?.send(FRAME);
  request.resume();
  answer.writeHead(socket ? 200 : 404, { "content-length": 0 }).end();
});
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (open) => {
    const id = request.url.replace("/ws/", "");
    waiting.set(id, open);
    open.on("close", () => waiting.delete(id));
    open.on("error", () => {});
  });
});
const [host, port] = process.argv.slice(2);
server.listen({ host, port: Number(port), backlog: 4096 });

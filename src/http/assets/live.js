// Follows one QR session: by WebSocket, else by server-sent events, else by long poll. Every frame is a whole
// snapshot with its seq, so it does not matter which way brought it, or what was missed in between.

const FIRST_FRAME_MS = 10_000;
const POLL_MS = 35_000;
const RESTART_MS = [5_000, 30_000]; // after a restart browsers come back one by one
const UNDER_WAY_MS = [1_000, 5_000]; // those with somebody who goes on right now are few, and come first

/**
 * @param {{websocket: string, events: string, poll: string}} live
 * @param {{frame: (frame: object) => void, over: (why: "gone" | "finished" | "refused") => void, link: (up: boolean) => void,
 *   underWay: () => boolean}} tell what happens; and whether somebody has scanned and goes on at the moment
 * @returns {() => void} stops following
 */
export function follow(live, tell) {
  const ways = [socket, events, poll];
  let way = 0;
  let seq = 0;
  let worked = false; // this way has brought a frame, or an answer that only our server gives
  let failures = 0; // in a row
  let stopped = false;
  let timer = 0;
  let hangUp = () => {};

  function attempt(how = ways[way]) {
    if (stopped) return;
    let ended = false;
    let close = () => {};
    const silence = setTimeout(() => door.end(), FIRST_FRAME_MS);
    const door = {
      frame(text) {
        if (ended) return;
        clearTimeout(silence);
        worked = true;
        failures = 0;
        take(text);
      },
      /** over: no use trying again; wait: how long to; reached: our server answered, so the way is open. */
      end({ over, wait, reached } = {}) {
        if (ended) return;
        ended = true;
        clearTimeout(silence);
        close();
        if (stopped) return;
        if (over) {
          stop();
          tell.over(over);
        } else {
          if (reached) worked = true;
          again(wait);
        }
      },
    };
    hangUp = () => {
      ended = true;
      clearTimeout(silence);
      close();
    };
    close = how(door);
    if (ended) close();
  }

  function take(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (!frame || frame.type !== "state" || typeof frame.seq !== "number") return;
    tell.link(true);
    if (frame.seq <= seq) return;
    seq = frame.seq;
    tell.frame(frame);
  }

  function again(wait) {
    tell.link(false);
    // Without a network nothing is learnt about the way; the "online" event tries again.
    const offline = navigator.onLine === false;
    if (!offline) failures += 1;
    let delay = wait ?? jitter(failures - 1);
    let how;
    if (!worked && failures >= 2 && way < ways.length - 1) {
      way += 1;
      failures = 0;
      delay = 0;
    } else if (failures > 0 && failures % 3 === 0) {
      // A refused upgrade looks like a lost network; a plain request tells which it is.
      how = poll;
    }
    timer = setTimeout(() => attempt(how), delay);
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    removeEventListener("online", online);
    hangUp();
  }

  function online() {
    clearTimeout(timer);
    hangUp();
    attempt();
  }

  function socket(door) {
    const url = new URL(live.websocket, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    let ws;
    try {
      ws = new WebSocket(url.href, "menfang.qr.v1");
    } catch {
      setTimeout(door.end, 0);
      return () => {};
    }
    ws.onmessage = (event) => door.frame(event.data);
    ws.onclose = ({ code }) => {
      if (code === 1000) door.end({ over: "finished" });
      else if (code === 1008 || code === 4401) door.end({ over: "refused" });
      else if (code === 4404 || code === 4410) door.end({ over: "gone" });
      else if (code === 1012) door.end({ wait: between(tell.underWay() ? UNDER_WAY_MS : RESTART_MS), reached: true });
      else door.end({ reached: code !== 1006 });
    };
    return () => {
      ws.onclose = null;
      ws.close();
    };
  }

  function events(door) {
    const source = new EventSource(live.events);
    source.onmessage = (event) => door.frame(event.data);
    source.onerror = () => door.end();
    return () => source.close();
  }

  function poll(door) {
    const abort = new AbortController();
    (async () => {
      let query = ""; // the first answer comes at once
      while (!abort.signal.aborted) {
        const deadline = setTimeout(() => abort.abort(), POLL_MS);
        const answer = await fetch(live.poll + query, {
          headers: { Accept: "application/json" },
          cache: "no-store",
          signal: abort.signal,
        });
        const text = await answer.text();
        clearTimeout(deadline);
        if ([403, 404, 410].includes(answer.status)) return door.end({ over: "gone" });
        if (answer.status === 401) return door.end({ over: "refused" });
        if (!answer.ok) return door.end({ wait: retryAfter(answer), reached: answer.status === 429 });
        door.frame(text);
        // Only a probe: the way that worked goes on.
        if (ways[way] !== poll) return door.end({ wait: 0, reached: true });
        query = `?wait=25&after=${seq}`;
      }
    })().catch(() => door.end());
    return () => abort.abort();
  }

  addEventListener("online", online);
  attempt();
  return stop;
}

function between([least, most]) {
  return least + Math.random() * (most - least);
}

/** Waiting time before try n (0, 1, …): up to 1, 2, 4 … 30 s, any of it equally likely. */
export function jitter(n) {
  return Math.random() * Math.min(30, 2 ** Math.max(0, n)) * 1000;
}

/** The answer's Retry-After in milliseconds, if it has one. */
export function retryAfter(answer) {
  const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(seconds) ? undefined : Math.max(1, seconds) * 1000;
}

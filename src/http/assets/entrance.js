// The entrance: shows a QR code, follows what happens to it, claims the sign-in. All texts are in the page already;
// this only chooses which panel is seen and fills in names, numbers and times.

import { follow, jitter, retryAfter } from "./live.js";

const RENEWALS = 5;
const SESSION_MS = 35 * 60_000; // how long id and cookie live
const GRACE_MS = 6_000; // the server says "expired" 3 s after the end; then the page stops waiting for it

const root = document.getElementById("entrance");
const slug = root.dataset.slug;
const storeKey = `menfang.qr.${slug}`;
const find = (name) => root.querySelectorAll(`[data-${name}]`);

let session = null; // {id, svg, live, claim, state, ends (of the state), until (of the session)}
let unfollow = () => {};
let renewals = 0;
let tries = 0; // to get a code, in a row
let turn = 0; // grows with every code asked for: what belongs to an older one is dropped
let due = null; // a renewal that waits until the page is seen
let retryAt = 0;
let retryTimer = 0;
let linkTimer = 0;

// ---- what is seen

function show(panel) {
  const name = root.querySelector(`[data-panel="${panel}"]`) ? panel : panel.replace(/:.*/, ":other");
  const shown = root.querySelector("[data-panel]:not([hidden])");
  root.dataset.state = name;
  if (shown?.dataset.panel === name) return;
  const hadFocus = shown?.contains(document.activeElement);
  for (const each of find("panel")) each.hidden = each.dataset.panel !== name;
  const next = root.querySelector(`[data-panel="${name}"]`);
  const heading = [...next.querySelectorAll("h2")].find((h) => !h.closest("[hidden]"));
  const number = next.querySelector("[data-number]:not([hidden]) [data-match]")?.textContent ?? "";
  find("announce")[0].textContent = `${heading.textContent} ${number}`.trim();
  if (hadFocus) {
    // The control in use is gone: stay in its place instead of falling back to the top of the page.
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

function note(name) {
  for (const each of find("note")) each.hidden = each.dataset.note !== name;
}

function person({ nickname, avatar_url: picture } = {}) {
  for (const each of find("nickname")) each.textContent = nickname ?? "";
  for (const face of find("face")) {
    face.querySelector("img")?.remove();
    face.firstElementChild.toggleAttribute("hidden", false);
    if (!picture) continue;
    const image = new Image();
    image.alt = "";
    image.referrerPolicy = "no-referrer";
    image.onload = () => face.firstElementChild.toggleAttribute("hidden", true);
    image.onerror = () => image.remove();
    image.src = picture;
    face.append(image);
  }
}

function match(number) {
  for (const each of find("number")) each.hidden = !number;
  for (const each of find("plain")) each.hidden = Boolean(number);
  for (const each of find("match")) each.textContent = number ?? "";
}

/** Counts down to `ends` in every countdown of the panel that is seen. */
function tick() {
  const ends = session?.ends ?? retryAt;
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  for (const each of root.querySelectorAll("[data-panel]:not([hidden]) [data-countdown]")) {
    const text = left === 0 && each.dataset.renewing ? each.dataset.renewing : each.dataset.text.replace("{time}", time);
    if (each.textContent !== text) each.textContent = text;
  }
  if (session?.state === "waiting") {
    find("life")[0].style.transform = `scaleX(${Math.min(1, left / session.lasts)})`;
    if (root.dataset.state === "waiting" && left === 0) root.dataset.state = "renewing";
  }
  // The frame may be lost with its connection: what is over by the clock is over.
  if (session && session.state !== "authorized" && Date.now() > session.ends + GRACE_MS) over("expired");
}

// ---- getting a code

async function newCode() {
  const mine = ++turn;
  forget();
  due = null;
  if (root.dataset.state !== "renewing") show("loading");
  let answer;
  try {
    answer = await request(`/p/${slug}/qr`);
  } catch {
    if (mine === turn) again(navigator.onLine === false ? "offline" : "busy", jitter(++tries));
    return;
  }
  const body = await answer.json().catch(() => ({}));
  if (mine !== turn) return;
  if (answer.status === 201) {
    tries = 0;
    const ends = Date.now() + body.expires_in * 1000;
    start({ ...body, state: "waiting", ends, lasts: body.expires_in, until: Date.now() + SESSION_MS });
  } else if (answer.status === 429) {
    again("limited", retryAfter(answer) ?? 30_000);
  } else if (answer.status === 403 && body.code === "portal_closed") {
    show("refused:portal_closed");
  } else if ([502, 503, 504].includes(answer.status)) {
    // Its database is away, or it starts anew behind its proxy: not everybody comes back at the same moment.
    again("busy", (retryAfter(answer) ?? 2_000) + jitter(Math.min(3, ++tries)));
  } else {
    for (const each of find("request")) each.hidden = !body.request_id;
    for (const each of find("request-id")) each.textContent = body.request_id ?? "";
    again("problem", retryAfter(answer) ?? 2_000 + jitter(++tries + 1));
  }
}

/** Shows why there is no code, and asks for one later. */
function again(panel, wait) {
  show(panel);
  retryAt = Date.now() + wait;
  retryTimer = setTimeout(() => whenSeen(newCode), wait);
  tick();
}

/** A renewal by the page itself: 5 times, only while somebody can see it. */
function renew(why) {
  forget();
  note(why);
  if (root.dataset.state === "waiting") root.dataset.state = "renewing";
  if (renewals >= RENEWALS) return show("expired");
  renewals += 1;
  whenSeen(newCode);
}

function whenSeen(work) {
  if (document.hidden) due = work;
  else work();
}

// ---- following it

function start(next) {
  session = next;
  save();
  const image = find("qr")[0];
  // As a picture it can run no script, whatever it holds.
  image.src = `data:image/svg+xml,${encodeURIComponent(next.svg)}`;
  // Only where something stands in for WeChat: there is no camera to scan with.
  const pretend = root.querySelector("[data-pretend]");
  if (pretend && next.scan_url) pretend.href = `${pretend.dataset.pretend}?link=${encodeURIComponent(next.scan_url)}`;
  if (next.state === "waiting") show("waiting");
  tick();
  unfollow = follow(next.live, { frame, over, link, underWay: () => session?.state !== "waiting" });
}

function frame({ state, reason, expires_in_ms: left, person: who, match: number }) {
  if (!session) return;
  const before = session.state;
  session.state = state;
  if (typeof left === "number") session.ends = Date.now() + left;
  if (state !== "waiting") note(null);
  if (state === "expired") return over("expired", before);
  if (state === "denied" || state === "refused") {
    forget();
    return show(state === "refused" ? `refused:${reason ?? "other"}` : state);
  }
  person(who ?? {});
  match(number);
  save();
  show(state);
  tick();
  if (state === "authorized") claim();
}

/** The session is over without a decision. */
async function over(why, before = session?.state) {
  if (before === "authorized") return; // the claim tells how it ended
  const mine = turn;
  if (why === "refused") {
    forget();
    return show("problem");
  }
  // Finished, and not by this tab: another one of this browser may have claimed it.
  if (why === "finished" && (await signedIn())) return leave();
  if (mine !== turn) return;
  renew(before === "waiting" ? null : "timed_out");
}

function link(up) {
  clearTimeout(linkTimer);
  const line = find("reconnecting")[0];
  if (up) line.hidden = true;
  // A short loss is not worth a word.
  else linkTimer = setTimeout(() => (line.hidden = false), 1_500);
}

function forget() {
  unfollow();
  unfollow = () => {};
  session = null;
  clearTimeout(retryTimer);
  link(true);
  try {
    sessionStorage.removeItem(storeKey);
  } catch {}
}

function save() {
  try {
    sessionStorage.setItem(storeKey, JSON.stringify(session));
  } catch {}
}

function saved() {
  try {
    const found = JSON.parse(sessionStorage.getItem(storeKey) ?? "null");
    const lives = found && found.until > Date.now() && (found.state !== "waiting" || found.ends > Date.now());
    return lives ? found : null;
  } catch {
    return null;
  }
}

// ---- claiming

async function claim() {
  const mine = turn;
  const { claim: path } = session;
  unfollow();
  link(true);
  const last = Date.now() + 90_000;
  for (let n = 0; Date.now() < last; n += 1) {
    if (n > 0) await pause(jitter(n));
    if (mine !== turn) return;
    let answer;
    try {
      answer = await request(path);
    } catch {
      link(false);
      continue;
    }
    link(true);
    const body = await answer.json().catch(() => ({}));
    if (mine !== turn) return;
    if (answer.ok) return leave(body.redirect_to);
    if (answer.status === 409 && body.code === "already_claimed") {
      // Another tab of this browser may have been quicker: then the login is here.
      return (await signedIn()) ? leave() : renew("claim_lost");
    }
    if (answer.status === 410) return renew("claim_late");
    if ([403, 404].includes(answer.status)) return renew("not_here");
  }
  renew("claim_late");
}

async function signedIn() {
  try {
    return (await request(`/p/${slug}/me`, "GET")).ok;
  } catch {
    return false;
  }
}

function leave(path) {
  forget();
  const home = new URL(`/p/${slug}/home`, location.href);
  let target = home;
  try {
    target = new URL(path ?? home, location.href);
  } catch {}
  location.replace(target.origin === location.origin ? target : home);
}

// ---- requests

async function request(path, method = "POST") {
  const abort = new AbortController();
  const deadline = setTimeout(() => abort.abort(), 15_000);
  try {
    return await fetch(path, {
      method,
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: abort.signal,
    });
  } finally {
    clearTimeout(deadline);
  }
}

/** Waits, but no longer than until the network is back. */
function pause(wait) {
  return new Promise((done) => {
    const timer = setTimeout(end, wait);
    function end() {
      clearTimeout(timer);
      removeEventListener("online", end);
      done();
    }
    addEventListener("online", end);
  });
}

// ---- the page itself

for (const button of find("new")) {
  button.addEventListener("click", () => {
    renewals = 0;
    note(null);
    newCode();
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !due) return;
  const work = due;
  due = null;
  work();
});

addEventListener("offline", () => {
  // A code that cannot tell of its scan is no use; from the scan on, the panel says more than "offline" would.
  if (session?.state === "waiting") show("offline");
});

addEventListener("online", () => {
  if (session?.state === "waiting") show("waiting");
  else if (!session && ["offline", "busy"].includes(root.dataset.state)) newCode();
});

addEventListener("pagehide", () => unfollow());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

root.hidden = false;
setInterval(tick, 1_000);
const found = saved();
if (found) start(found);
else newCode();

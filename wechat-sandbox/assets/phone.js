// Makes the phone quicker: everything here also works without it.
"use strict";

document.documentElement.classList.add("js");

const $ = (id) => document.getElementById(id);
const title = document.title;

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
  }
}

async function copy(button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  } catch {
    // Not allowed here: select it, so that one key copies it.
    getSelection().selectAllChildren(button.previousElementSibling);
  }
}

async function paste() {
  const link = $("link");
  try {
    link.value = (await navigator.clipboard.readText()).trim();
  } catch {
    const hint = $("scan-hint");
    hint.textContent = hint.dataset.denied;
  }
  link.focus();
}

function offerNumber(phone) {
  const select = $("phone-number");
  if ([...select.options].some((option) => option.value === phone)) return;
  select.add(new Option(phone, phone));
  $("filter").hidden = select.options.length < 3;
}

// A list of the menu closes when something else is touched, as in WeChat.
const MENUS = ".menu details, .bar details, .cards details";

function closeMenus(except) {
  for (const list of document.querySelectorAll(MENUS)) {
    if (list !== except) list.open = false;
  }
}

let last = null;

async function refresh() {
  const box = $("messages");
  const answer = await fetch(`/phone/messages?phone=${encodeURIComponent($("phone-number").value)}`);
  if (!answer.ok) return;
  const html = await answer.text();
  if (html === last) return;
  const key = (item) => item.dataset.phone + item.querySelector("time").dateTime;
  const known = new Set([...box.querySelectorAll("li")].map(key));
  const first = last === null;
  last = html;
  box.innerHTML = html;
  let fresh = 0;
  for (const item of box.querySelectorAll("li")) {
    offerNumber(item.dataset.phone);
    if (first || known.has(key(item))) continue;
    item.classList.add("new");
    fresh += 1;
  }
  showTimes(box);
  if (fresh > 0 && document.hidden) document.title = `(${fresh}) ${title}`;
}

async function watch() {
  try {
    await refresh();
  } catch {
    // The sandbox is away; the next round may find it back.
  }
  setTimeout(watch, 2000);
}

// The cards of a chat, unless somebody has a menu open, which would close.
async function refreshCards() {
  const box = $("cards");
  const answer = await fetch(`/phone/chat/cards?appid=${encodeURIComponent(box.dataset.appid)}`);
  if (!answer.ok || box.querySelector("details[open]")) return;
  const html = await answer.text();
  if (html === last) return;
  const key = (item) => item.querySelector("time").dateTime;
  const known = new Set([...box.querySelectorAll("li")].map(key));
  last = html;
  const news = document.createElement("template");
  news.innerHTML = html;
  const shown = (root) => [...root.querySelectorAll("li")].map((item) => key(item) + item.querySelector("form").getAttribute("action"));
  if (shown(news.content).join() === shown(box).join()) return;
  box.innerHTML = html;
  const fresh = [...box.querySelectorAll("li")].filter((item) => !known.has(key(item)));
  for (const item of fresh) item.classList.add("new");
  showTimes(box);
  fresh.at(-1)?.scrollIntoView({ block: "end" });
  if (fresh.length > 0 && document.hidden) document.title = `(${fresh.length}) ${title}`;
}

async function watchCards() {
  try {
    await refreshCards();
  } catch {
    // The sandbox is away; the next round may find it back.
  }
  setTimeout(watchCards, 2000);
}

showTimes(document);
document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = title; });
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  closeMenus(event.target.closest(MENUS));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = [...document.querySelectorAll(MENUS)].find((list) => list.open);
  closeMenus();
  open?.querySelector("summary").focus();
});
document.addEventListener("submit", () => setTimeout(closeMenus));
if ($("messages")) {
  $("paste").addEventListener("click", paste);
  $("phone-number").addEventListener("change", () => { last = null; refresh(); });
  watch();
}
if ($("cards")) watchCards();

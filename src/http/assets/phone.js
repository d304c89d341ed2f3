// The phone page is plain forms; this spares reloads and mistakes where scripts run.

const page = document.querySelector("[data-phone]");
const path = page.dataset.phone;

async function request(url, form) {
  const abort = new AbortController();
  const deadline = setTimeout(() => abort.abort(), 15_000);
  try {
    const answer = await fetch(url, {
      method: form ? "POST" : "GET",
      body: form ? new URLSearchParams(new FormData(form)) : undefined,
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: abort.signal,
    });
    return { status: answer.status, ok: answer.ok, after: answer.headers.get("Retry-After"), body: await answer.json().catch(() => ({})) };
  } finally {
    clearTimeout(deadline);
  }
}

// ---- phone and code

function bind(form) {
  const send = form.querySelector("[data-send]");
  const submit = form.querySelector("[data-submit]");
  const error = form.querySelector("[data-error]");
  const sent = form.querySelector("[data-sent]");
  const { phone, code, csrf } = form.elements;
  const texts = page.querySelector("[data-texts]").content;
  let counting = 0;

  function fail(name, field) {
    if (name === "terms_required") return missing(form);
    const text = texts.querySelector(`[data-code="${name}"]`) ?? texts.querySelector('[data-code="other"]');
    error.textContent = text.textContent;
    error.hidden = false;
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
  }

  function clear() {
    error.hidden = true;
    for (const each of [phone, code]) each.removeAttribute("aria-invalid");
  }

  function stop() {
    clearInterval(counting);
    counting = 0;
  }

  function count(seconds) {
    stop();
    const ends = Date.now() + seconds * 1000;
    const step = () => {
      const left = Math.ceil((ends - Date.now()) / 1000);
      send.disabled = left > 0;
      send.textContent = left > 0 ? send.dataset.again.replace("{n}", left) : sent.dataset.label;
      if (left <= 0) stop();
    };
    counting = setInterval(step, 500);
    step();
  }

  /** One post of this form; answers whether it went well. */
  async function post(button) {
    clear();
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      const { status, ok, after, body } = await request(button.getAttribute("formaction") ?? form.action, form);
      if (ok && body.step === "bind") {
        csrf.value = body.csrf ?? csrf.value;
        return true;
      }
      if (ok || status === 403) return location.reload();
      if (status === 409 && (await request(path)).body.step !== "bind") return location.reload();
      const seconds = Number.parseInt(after ?? "", 10);
      if (status === 429 && button === send && seconds <= 60) count(seconds);
      fail(status === 429 ? "too_many_requests" : body.code, { code_wrong: code, phone_invalid: phone }[body.code]);
    } catch {
      fail("network");
    } finally {
      form.removeAttribute("aria-busy");
      button.disabled = button === send && counting !== 0;
    }
    return false;
  }

  async function sendCode() {
    if (!phone.value.trim()) return fail("phone_invalid", phone);
    if (!(await post(send))) return;
    const digits = phone.value.replace(/\D/g, "");
    sent.textContent = sent.dataset.text.replace("{phone}", `${digits.slice(0, -8)}****${digits.slice(-4)}`);
    count(60);
    code.focus();
  }

  send.addEventListener("click", (event) => {
    event.preventDefault();
    sendCode();
  });
  phone.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || code.value) return;
    event.preventDefault();
    if (!send.disabled) sendCode();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    post(submit);
  });
}

// ---- the terms

/** Says beside the tick box that it is missing. */
function missing(form) {
  const box = form.querySelector("[data-terms]");
  if (!box) return location.reload();
  form.querySelector("[data-terms-error]").hidden = false;
  box.setAttribute("aria-invalid", "true");
  if (form.querySelector("input:invalid, input[aria-invalid]") === box) box.focus();
}

function terms(form) {
  const box = form.querySelector("[data-terms]");
  // Our own words, in the language of the page and beside the box, instead of the browser's.
  box?.addEventListener("invalid", (event) => {
    event.preventDefault();
    missing(form);
  });
  box?.addEventListener("change", () => {
    form.querySelector("[data-terms-error]").hidden = true;
    box.removeAttribute("aria-invalid");
  });
}

// ---- the decision

function approve(form) {
  const signIn = page.querySelector("[data-sign-in]");
  // A tap meant for what was there before must not sign anybody in.
  signIn.disabled = true;
  setTimeout(() => (signIn.disabled = false), 1_000);
  form.elements.match?.addEventListener("input", ({ target }) => {
    target.value = target.value.replace(/\D/g, "").slice(0, 2);
  });
  // One decision only; after the form has been sent, so that its own button still counts.
  page.addEventListener("submit", () => {
    setTimeout(() => {
      for (const button of page.querySelectorAll("button")) button.disabled = true;
    });
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

// ---- waiting and leaving

function held() {
  setTimeout(async () => {
    // When one look does not reach the server, the next one may.
    const left = !document.hidden && (await look().catch(() => false));
    if (!left) held();
  }, 2_000);
}

/** Looks whether the waiting is over; answers whether the page is left. */
async function look() {
  const { status, body } = await request(path);
  if (body.step === "done" && body.redirect_to) return goOn(body.csrf);
  if (status !== 403 && (!body.step || body.step === "held")) return false;
  location.reload();
  return true;
}

/** Lets this phone in, for nothing is left to do; answers whether the page is left. */
async function goOn(csrf) {
  const form = document.createElement("form");
  form.append(Object.assign(document.createElement("input"), { name: "csrf", value: csrf }));
  const { status, body } = await request(`${path}/approve`, form);
  if (status >= 500 || status === 429) return false;
  const place = body.redirect_to && new URL(body.redirect_to, location.href);
  if (place && place.origin === location.origin) location.replace(place);
  else location.reload();
  return true;
}

const bindForm = page.querySelector("[data-bind]");
const approveForm = page.querySelector("[data-approve]");
const onForm = page.querySelector("[data-go-on]");
for (const form of [bindForm, approveForm]) if (form) terms(form);
if (bindForm) bind(bindForm);
if (approveForm) approve(approveForm);
if (page.querySelector("[data-held]")) held();
if (onForm) {
  const { value } = onForm.elements.csrf;
  // When it does not work, there is the button.
  setTimeout(() => goOn(value).catch(() => {}), 800);
}

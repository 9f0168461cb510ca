/* The panel: a form to log in, then a live view of the token.

   The kernel speaks through a few harmless traits, and sets `now`, its own clock, with every one of them.
   The browser speaks by `model.send`. The App secret goes that way once and is in no trait.
   Nothing is sent on a timer, so a panel that is only looked at costs no messages. */

const PATIENCE = 4000; // ms without a word, after which the kernel is busy or gone
const GRACE = 5; // s that a renewal may be late before the panel asks what became of it
const PAUSE = 20000; // ms at least between two such questions
const SMALL_SKEW = 2; // s; clocks closer than this count as equal

const WORK = {
  login: "Logging in…",
  use_found: "Logging in…",
  use_sandbox: "Starting the sandbox…",
  refresh: "Renewing the token…",
  logout: "Logging out…",
};
const LINKS = {
  silent: [
    "No answer",
    "warn",
    "The kernel has not answered. It is busy with a cell and will answer after it, or it is gone.",
  ],
  offline: ["Connection lost", "bad", "The notebook server cannot be reached, so nothing here is up to date."],
  gone: [
    "Kernel gone",
    "bad",
    "The kernel behind this panel is gone, and any token with it. Run the cell again to log in.",
  ],
};

const PAGE = `
<div class="top">
  <svg viewBox="0 0 20 16" aria-hidden="true"><path d="M2 6v4M6 3v10M10 1v14M14 4v8M18 6.5v3"/></svg>
  <strong tabindex="-1" class="title">Dolby.io</strong>
  <span class="service"></span>
  <span class="state" role="status"></span>
</div>
<form autocomplete="off">
  <p class="warning"></p>
  <div class="offer first"><span>Try it without an account, on a stand-in for the service.</span>
    <button type="button" name="use_sandbox">Use the local sandbox</button></div>
  <div class="offer"><span>App key and secret found in <b class="found"></b>.</span>
    <button type="button" name="use_found" class="main">Use them</button></div>
  <div class="fields">
    <label><span>App key</span><input name="dolby-app-key" type="text" required autocomplete="off"
      autocapitalize="off" spellcheck="false"></label>
    <label><span>App secret</span><input name="dolby-app-secret" type="password" required
      autocomplete="new-password"></label>
  </div>
  <details>
    <summary>Where do I find these?</summary>
    <ol>
      <li>Sign in at dashboard.dolby.io. New sign-ups may be closed; the sandbox needs no account.</li>
      <li>Select your application, or create one.</li>
      <li>Copy its App key and App secret. The “client access token” shown there does not work here.</li>
    </ol>
  </details>
  <div class="options">
    <label><span>Token lives</span> <select name="life"></select></label>
    <label class="custom"><span>Seconds</span>
      <input name="seconds" type="number" min="1" max="86400" step="1" value="1800" required></label>
    <label class="check"><input name="save" type="checkbox"> <span>Remember in <code>.env</code></span></label>
  </div>
  <div class="buttons">
    <button type="submit" class="main">Log in</button>
    <button type="button" name="use_sandbox" class="second">Use the local sandbox</button>
  </div>
</form>
<div class="view">
  <p><span class="time" role="timer"></span> <span class="until"></span></p>
  <div class="bar" aria-hidden="true"><i></i></div>
  <dl>
    <div><dt>App key</dt><dd><code class="key"></code></dd></div>
    <div><dt>From</dt><dd class="source"></dd></div>
    <div><dt class="next"></dt><dd class="when"></dd></div>
  </dl>
  <p class="note"></p>
  <div class="buttons">
    <button type="button" name="refresh">Renew now</button>
    <button type="button" name="logout">Log out</button>
  </div>
</div>
<div class="message" role="status"></div>
<div class="error" role="alert" tabindex="-1"><strong></strong><span></span></div>`;

/** Seconds as a countdown: 9:05, 1:00:00. */
function countdown(seconds) {
  const s = Math.max(0, Math.ceil(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** A moment (s since 1970) on the reader's clock, with the weekday when it is not today. */
function clock(moment) {
  const day = new Date(moment * 1000);
  const today = day.toDateString() === new Date().toDateString();
  return day.toLocaleString([], { hour: "2-digit", minute: "2-digit", ...(today ? {} : { weekday: "short" }) });
}

/** The state in a word, its tone, and a sentence; `left` is what remains of the token, in seconds. */
function describe({ state, last_error: reason, renews_at: renewal }, left, now) {
  if (state === "logged out") return ["Logged out", "", ""];
  if (state === "refused") {
    const token = left > 0 ? "The token works until it expires." : "The token has expired.";
    return ["Refused", "bad", `${reason}\n${token} Log out to enter other credentials.`];
  }
  if (left <= 0) return ["Expired", "bad", reason || "It is renewed as soon as a cell uses it."];
  if (state === "renewing") return ["Renewing…", "", ""];
  if (reason) return ["Renewal is failing", "warn", `${reason}\nThe token still works.`];
  if (state === "stale" || (renewal && renewal < now - GRACE))
    return ["Due for renewal", "", "It is renewed when a cell next uses it."];
  return ["Fresh", "good", ""];
}

/** What comes next for the token, as a label and a value. */
function upcoming({ state, next_try, renews_at }, now, skew) {
  if (state === "renewing") return ["Renews", "now"];
  if (state === "refused") return ["Renews", "not by itself"];
  if (next_try) return ["Next try", next_try > now ? `in ${countdown(next_try - now)}` : "now"];
  if (renews_at > now) return ["Renews", `by itself at ${clock(renews_at - skew)}`];
  return ["Renews", "when next used"];
}

/** The way to the kernel: `link` is "there", "silent", "offline" or "gone"; `skew` is its clock minus ours, in s. */
function connect(model, el, changed) {
  const kernel = { link: "there", skew: 0, ask, heard, look, close: () => clearTimeout(waiting) };
  let waiting = 0;

  function become(link) {
    if (link === kernel.link) return;
    kernel.link = link;
    changed();
  }

  /** What the host knows without a message; a saved panel's messages would go nowhere in silence. */
  function severed() {
    const known = model.widget_manager?.kernel; // JupyterLab and Notebook 7; undefined elsewhere
    if (el.closest(".jupyter-widgets-disconnected") || known === null || known?.isDisposed) return "gone";
    if (known?.status === "dead") return "gone";
    return known?.connectionStatus && known.connectionStatus !== "connected" ? "offline" : "";
  }

  function look() {
    const cut = severed();
    if (cut) return become(cut);
    if (kernel.link !== "offline") return;
    become("silent");
    ask();
  }

  function ask(message = { kind: "hello" }, buffers = []) {
    clearTimeout(waiting);
    if (severed() === "gone") return become("gone");
    waiting = setTimeout(() => become("silent"), PATIENCE);
    try {
      model.send(message, undefined, buffers);
    } catch {
      clearTimeout(waiting);
      become("gone");
    }
  }

  function heard() {
    clearTimeout(waiting);
    const skew = model.get("now") - Date.now() / 1000;
    kernel.skew = Math.abs(skew) > SMALL_SKEW ? skew : 0;
    kernel.link = "there";
    changed();
  }

  return kernel;
}

/** Ask when what was announced is overdue, and ever more rarely while the answer stays the same. */
function watch(kernel) {
  let [asked, next, pause] = [0, 0, PAUSE];
  return ({ state, next_try, renews_at, expires_at }, now) => {
    const due = state === "refused" ? expires_at : next_try || renews_at || expires_at;
    if (!due || now < due + GRACE || Date.now() < next || kernel.link === "gone") return;
    pause = due === asked ? 2 * pause : PAUSE;
    [asked, next] = [due, Date.now() + pause];
    kernel.ask();
  };
}

/** The panel's elements, and a few ways to change them. A text is written only when it is new, or it would be
    read out again. */
function build(el, model) {
  const root = document.createElement("div");
  root.className = "dolby-panel";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Dolby.io log-in");
  [root.dir, root.lang] = ["ltr", "en"]; // whatever the page around it is
  root.innerHTML = PAGE;
  el.append(root);

  const find = (selector) => root.querySelector(selector);
  const each = (selector, f) => root.querySelectorAll(selector).forEach(f);
  const show = (selector, yes) => each(selector, (node) => (node.hidden = !yes));
  const write = (selector, text) => find(selector).textContent !== text && (find(selector).textContent = text);
  const form = find("form");
  const field = form.elements;
  const life = () => Number(field.life.value === "custom" ? field.seconds.value : field.life.value);
  fill(field, model);
  return { root, form, field, find, each, show, write, life };
}

/** Begin with what was asked for: the life, which may be an unusual one, and whether to remember. */
function fill(field, model) {
  const [lives, life] = [model.get("lives"), model.get("expires_in")];
  const usual = lives.some(([seconds]) => seconds === life);
  const chosen = (yes, words, value) => field.life.add(new Option(words, value, yes, yes));
  for (const [seconds, words] of lives) chosen(seconds === life, words, seconds);
  chosen(!usual, "Custom…", "custom");
  field.seconds.defaultValue = life;
  field.save.defaultChecked = model.get("save");
  if (model.get("save_to")) field.save.nextElementSibling.querySelector("code").textContent = model.get("save_to");
}

function drawHead(panel, status, loggedIn, word) {
  panel.write(".title", loggedIn ? "Dolby.io" : "Log in to Dolby.io");
  panel.write(".service", loggedIn ? (status.sandbox ? "SANDBOX" : "service") : "");
  panel.find(".service").dataset.sandbox = String(Boolean(status.sandbox));
  panel.write(".state", word);
}

function drawForm(panel, model) {
  const [found, warning, sandbox] = ["found", "warning", "sandbox_offer"].map((name) => model.get(name));
  panel.write(".warning", warning);
  panel.write(".found", found);
  panel.show(".offer", found);
  panel.show(".offer.first", warning && sandbox);
  panel.show(".second", !warning && sandbox);
  const custom = panel.field.life.value === "custom";
  panel.show(".custom", custom);
  panel.field.seconds.disabled ||= !custom; // or its limits would hold back the whole form
}

function drawToken(panel, status, left, now, { link, skew }, done) {
  const known = link !== "gone" && link !== "offline";
  const moment = clock(status.expires_at - skew);
  const [next, when] = known ? upcoming(status, now, skew) : ["Renews", "–"];
  panel.write(".time", known ? countdown(left) : "–");
  panel.write(".until", !known ? "" : left > 0 ? `until the token expires, at ${moment}` : `expired at ${moment}`);
  panel.show(".bar", status.life);
  panel.find(".bar i").style.width = `${known ? Math.max(0, Math.min(100, (100 * left) / status.life)) : 0}%`;
  panel.write(".key", status.key_hint);
  panel.write(".source", status.source);
  panel.write(".next", next);
  panel.write(".when", when);
  panel.write(".note", [status.note, done].filter(Boolean).join("\n"));
}

function drawError(panel, error) {
  const [what, ...why] = error.split("\n");
  panel.show(".error", what);
  panel.write(".error strong", what);
  panel.write(".error span", why.join("\n"));
}

/** Keep keys from the notebook, where `d` `d` deletes a cell, but let chords pass: copy, paste, save, and what the
    host does with them. Ctrl or Meta goes down before the key that it is held for. */
function guardKeys(root) {
  const suppress = (yes) => (root.dataset.lmSuppressShortcuts = String(yes)); // JupyterLab's own word for it
  suppress(true);
  root.addEventListener("keydown", (event) => {
    const chord = event.ctrlKey || event.metaKey;
    suppress(!chord);
    if (!chord) event.stopPropagation();
  });
  root.addEventListener("keyup", ({ ctrlKey, metaKey }) => suppress(!ctrlKey && !metaKey));
  root.addEventListener("focusout", () => suppress(true));
}

function render({ model, el }) {
  const panel = build(el, model);
  const { root, form, field } = panel;
  const kernel = connect(model, el, update);
  const askIfOverdue = watch(kernel);
  const kernelTime = () => Date.now() / 1000 + kernel.skew;
  let mine = ""; // the order that was given here and awaits its end
  let taken = false; // whether the kernel has said that it is at it

  function order(kind, more = {}, buffers = []) {
    const atWork = model.get("doing") || (mine && kernel.link === "there");
    if (atWork || kernel.link === "gone" || !field.seconds.reportValidity()) return;
    mine = kind;
    kernel.ask({ kind, expires_in: panel.life(), save: field.save.checked, ...more }, buffers);
    update();
  }

  function submit(event) {
    event.preventDefault();
    event.stopPropagation();
    const secret = field["dolby-app-secret"];
    const beside = [new TextEncoder().encode(secret.value)]; // a kernel that logs messages logs no buffers
    secret.value = "";
    order("login", { app_key: field["dolby-app-key"].value.trim() }, beside);
  }

  function update() {
    const { link } = kernel;
    if (link !== "there") [mine, taken] = ["", false];
    const [status, now] = [model.get("status"), kernelTime()];
    const left = (status.expires_at ?? 0) - now;
    const loggedIn = Boolean(status.state) && status.state !== "logged out";
    const [word, tone, sentence] = LINKS[link] ?? describe(status, left, now);
    const doing = link === "there" ? (WORK[model.get("doing") || mine] ?? "") : "";

    root.dataset.tone = doing ? "" : tone;
    root.setAttribute("aria-busy", String(Boolean(doing)));
    panel.show("form", !loggedIn);
    panel.show(".view", loggedIn);
    panel.each("button, input, select", (node) => (node.disabled = link === "gone"));
    panel.each("button", (node) => node.setAttribute("aria-disabled", String(Boolean(doing))));
    drawHead(panel, status, loggedIn, word);
    loggedIn ? drawToken(panel, status, left, now, kernel, model.get("done")) : drawForm(panel, model);
    panel.write(".message", doing || sentence || (loggedIn ? "" : (status.note ?? "")));
    const told = link === "gone" || model.get("error") === status.last_error;
    drawError(panel, told ? "" : model.get("error"));
  }

  function tick() {
    kernel.look();
    update();
    askIfOverdue(model.get("status"), kernelTime());
  }

  /** The kernel spoke. When that ends an order given here, put the focus where the answer is. */
  function spoke() {
    kernel.heard();
    if (model.get("doing")) taken = Boolean(mine);
    if (model.get("doing") || !taken) return;
    [mine, taken] = ["", false];
    if (!model.get("error")) form.reset();
    update();
    panel.find(panel.find(".error").hidden ? ".title" : ".error").focus();
  }

  const revive = () => setTimeout(() => kernel.ask(), 500); // the host is still putting the comm away
  form.addEventListener("submit", submit);
  field.life.addEventListener("change", update);
  root.addEventListener("click", ({ target }) => target.matches("button[name]") && order(target.name));
  guardKeys(root);
  model.on("change:now", spoke);
  model.on("comm_live_update", revive);
  const timer = setInterval(tick, 1000);
  update();
  const sinceItSpoke = Math.abs(model.get("now") - Date.now() / 1000);
  if (sinceItSpoke > SMALL_SKEW) setTimeout(() => kernel.ask()); // a view of old, or clocks that differ

  return () => {
    clearInterval(timer);
    kernel.close();
    model.off("change:now", spoke);
    model.off("comm_live_update", revive);
  };
}

export default { render };

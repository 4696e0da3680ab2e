// Keys, drafts and live parts. Every page and every decision works without this file.
"use strict";

const shownAt = () => (document.hidden ? Infinity : visibleSince);
let visibleSince = performance.now();
document.addEventListener("visibilitychange", () => { visibleSince = performance.now(); });
const inPane = document.getElementById("pane");

// A held key or a burst must not decide what nobody has seen: clicks by key count after 400 ms of being visible.
let sent = false;
document.addEventListener("click", (event) => {
  const decides = event.target.closest("form[method=post] button");
  if (decides && event.detail === 0 && performance.now() - shownAt() < 400) event.preventDefault();
}, true);
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (sent) event.preventDefault();
  sent = true;
});
window.addEventListener("pageshow", () => { sent = false; });

// Keys are declared beside their buttons: data-key="a", or "g i" for two in a row.
const keysOn = () => localStorage.getItem("keys") !== "off";
let pending = "";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing && (event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const button = typing.form && typing.form.querySelector("[data-submit]");
    if (button) button.click();
  }
  if (event.key === "Escape") closeSheet(event);
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing || document.querySelector("dialog[open]") || (!keysOn() && event.key !== "?")) return;
  if (event.key === "?" && help()) return;
  const key = pending ? `${pending} ${event.key}` : event.key;
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((one) => one.offsetParent);
  pending = !found && !pending && event.key === "g" ? "g" : "";
  if (!found) return;
  event.preventDefault();
  found.click();
});

function closeSheet(event) {
  const open = document.querySelector(".act[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  event.preventDefault();
}

document.addEventListener("toggle", (event) => {
  if (!event.target.matches(".act") || !event.target.open) return;
  const first = event.target.querySelector("[data-first], textarea, input:not([type=hidden]), button");
  if (first) first.focus();
}, true);

function help() {
  const dialog = document.getElementById("keys");
  if (!dialog) return false;
  const list = dialog.querySelector("dl");
  list.textContent = "";
  const lines = [...document.querySelectorAll("[data-key]")].filter((one) => one.offsetParent).map((one) => {
    const copy = one.cloneNode(true);
    copy.querySelectorAll("kbd, .count, em").forEach((part) => part.remove());
    return [one.dataset.key, one.getAttribute("aria-label") || copy.textContent.trim()];
  });
  for (const [key, does] of [...lines, ["Ctrl Enter", "Send the form that is being written"], ["?", "This list"]]) {
    list.append(Object.assign(document.createElement("dt"), { textContent: key }));
    list.append(Object.assign(document.createElement("dd"), { textContent: does }));
  }
  dialog.showModal();
  return true;
}
const keysOpen = document.getElementById("keys-open");
if (keysOpen && document.getElementById("keys")) {
  keysOpen.hidden = !matchMedia("(hover: hover) and (pointer: fine)").matches;
  keysOpen.addEventListener("click", help);
}
const keysSwitch = document.getElementById("keys-on");
if (keysSwitch) {
  keysSwitch.checked = keysOn();
  keysSwitch.addEventListener("change", () => localStorage.setItem("keys", keysSwitch.checked ? "on" : "off"));
}

// What is being typed is kept on this machine until the server has it.
for (const form of document.querySelectorAll("form[data-draft]")) {
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) {
    const name = `draft:${form.dataset.draft}:${new URL(form.action).pathname}:${field.name}`;
    const kept = JSON.parse(localStorage.getItem(name) || "null");
    if (kept && kept.from === field.defaultValue && kept.text !== field.value) {
      field.value = kept.text;
      const state = document.getElementById("draft-state");
      if (state) state.textContent = "What you had typed is back; it is not sent yet.";
    } else if (kept && kept.from !== field.defaultValue) {
      localStorage.removeItem(name);
    }
    field.addEventListener("input", () => {
      localStorage.setItem(name, JSON.stringify({ from: field.defaultValue, text: field.value, at: Date.now() }));
    });
  }
}
for (const name of Object.keys(localStorage).filter((one) => one.startsWith("draft:"))) {
  if (Date.now() - JSON.parse(localStorage.getItem(name)).at > 7 * 864e5) localStorage.removeItem(name);
}

// The undo window: when it closes, the button goes.
function countDown() {
  for (const form of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((new Date(form.dataset.until) - Date.now()) / 1000);
    if (left <= 0) form.remove();
    else if (left < 100) form.querySelector("span").textContent = `Leaves in ${left} s`;
  }
}
if (document.getElementById("leaving")) { countDown(); setInterval(countDown, 500); }

// Live parts: asked for when something is new, silent while nobody looks, never under the cursor.
const { pulse, stamp, often } = document.body.dataset;
let etag = stamp ? `"${stamp}"` : "";
async function beat() {
  if (document.hidden || sent) return;
  const answer = await fetch(pulse, { headers: etag ? { "If-None-Match": etag } : {} });
  if (answer.status !== 200 || answer.redirected) return;
  etag = answer.headers.get("ETag");
  const { waiting } = await answer.json();
  const page = await fetch(location.href);
  if (page.ok && !page.redirected) show(new DOMParser().parseFromString(await page.text(), "text/html"), waiting);
}
function show(fresh, waiting) {
  const seen = new Set([...document.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  const news = [...fresh.querySelectorAll("[data-row]")].filter((row) => !seen.has(row.dataset.row)).length;
  if (inPane && !seen.size && news) { location.reload(); return; }
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other || part.contains(document.activeElement)) continue;
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    part.replaceChildren(...other.childNodes);
    part.querySelectorAll("details").forEach((one, place) => { one.open = Boolean(open[place]); });
  }
  const arrivals = document.getElementById("arrivals");
  if (arrivals) { arrivals.hidden = !news; arrivals.textContent = `${news} new`; }
  const count = document.getElementById("count");
  if (count) count.textContent = waiting;
  document.title = fresh.title;
}
if (pulse) setInterval(() => beat().catch(() => {}), often === undefined ? 15000 : 2500);
if (inPane && document.querySelector(".note, .refusal")) inPane.focus({ preventScroll: true });

// Keys, drafts and live parts of every page. Every page and every decision works without this file.
"use strict";

const at = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
// What is not needed at once is fetched when it is; whoever is offline does without, and asks anew next time.
let { more } = document.currentScript.dataset;
const aside = (what, ...given) => import(more).then((found) => found[what](...given), () => { more += "?"; });

document.addEventListener("click", ({ target }) => {
  const asked = target.closest("[data-aside]");
  if (asked) aside(asked.dataset.aside, asked);
});

// A held key, a burst or a double click must not decide what nobody has seen: 400 ms of being visible. A busy machine
// changes a page long before it paints it: when a second frame begins, the first was painted.
let visibleSince;
const seeAnew = () => {
  visibleSince = Infinity;
  requestAnimationFrame(() => requestAnimationFrame(() => { visibleSince = performance.now(); }));
};
seeAnew();
const isUnseen = () => document.hidden || performance.now() - visibleSince < 400;
document.addEventListener("visibilitychange", seeAnew);

// How many forms were sent and are not answered yet. The desk sends its own; elsewhere one at a time.
let onTheWay = 0;
document.addEventListener("submit", (event) => {
  const { target: form } = event;
  if (form.method !== "post") return;
  if (isUnseen() && form.closest("#item")) event.preventDefault();
  else if ("said" in form.dataset || "stay" in form.dataset) return;
  else if (onTheWay) event.preventDefault();
  else onTheWay = 1;
});
window.addEventListener("pageshow", () => { onTheWay = 0; });

// Keys are declared beside their buttons: data-key="a", or "g i" for two in a row.
const keysOn = () => localStorage.getItem("keys") !== "off";
// In a sheet that stands open they are its own.
const keyed = (key) => [".act[open] form ", ""]
  .flatMap((where) => all(["key", "also"].map((name) => `${where}[data-${name}="${CSS.escape(key)}"]`)))
  .find((one) => one.checkVisibility() && !one.closest("[inert]"));
const isTyping = (event) => event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const isNoKey = (event) => event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented
  || isTyping(event) || (event.key.startsWith("Arrow") && event.target.closest("[tabindex='0']")) || document.querySelector("dialog[open]") || (!keysOn() && event.key !== "?");
let pending = "";
document.addEventListener("keydown", (event) => {
  const field = isTyping(event);
  if (event.repeat && event.key === "Enter" && !field) event.preventDefault();
  if (event.repeat) return;
  if (field && (event.ctrlKey || event.metaKey) && event.key === "Enter") field.form?.querySelector("[data-submit]")?.click();
  if (event.key === "Escape") closeSheet(event);
  if (isNoKey(event)) return;
  if (event.key === "?" && at("keys")) { aside("help"); return; }
  const found = keyed(pending ? `${pending} ${event.key}` : event.key);
  pending = !found && !pending && event.key === "g" ? "g" : "";
  if (!found) return;
  event.preventDefault();
  found.click();
  // At once, for fingers that press the second key before the browser tells that the sheet is open.
  enterSheet(found.parentElement);
});

function closeSheet(event) {
  const open = document.querySelector(".act[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  event.preventDefault();
}

function enterSheet(act) {
  if (!act?.matches(".act[open]") || act.querySelector("form")?.contains(document.activeElement)) return;
  act.querySelector("[data-first], textarea, input:not([type=hidden]), form button")?.focus();
}
document.addEventListener("toggle", (event) => enterSheet(event.target), true);


// What is being typed is kept on this machine until the server has it.
// What keeps drafts is fetched before the first word is typed.
for (const [when, what] of [["focusin", "ready"], ["input", "keep"]]) {
  document.addEventListener(when, ({ target }) => { if (target.form?.dataset.draft) aside(what, target); });
}
const giveBack = (root) => Object.keys(localStorage).some((name) => name.startsWith("draft:")) && aside("giveBack", root);
giveBack(document);

// The undo window: when it closes, the button goes.
function countDown() {
  for (const form of all("[data-until]")) {
    const left = Math.ceil((new Date(form.dataset.until) - Date.now()) / 1000);
    if (left <= 0) form.remove();
    else if (left < 100) form.querySelector("span").textContent = fill(form.dataset.leaves, { left });
  }
}
if (at("leaving")) { countDown(); setInterval(countDown, 500); }

// Live parts: asked for when something is new, silent while nobody looks.
const { pulse, often } = document.body.dataset;
const beat = () => document.hidden || onTheWay || aside("beat");
if (pulse) setInterval(beat, often === undefined ? 15000 : 2500);

// Whose clock it is: guessed once, where nobody has said, when everything else is done.
if (at("zone-guess") && !sessionStorage.getItem("zone")) setTimeout(() => aside("zone", at("zone-guess")), 2000);

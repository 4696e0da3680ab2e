// The flow of the inbox: the next item at once, the decision behind it. Without this file each form is a page.
"use strict";

const pane = at("pane");

// The list is the order of this sitting: what was decided is hidden, what was decided elsewhere fades.
const listed = () => all("#rows [data-row]");
const rows = () => listed().filter((row) => !row.closest("li").hidden && !row.classList.contains("gone"));
const boxOf = (row) => row.parentElement.querySelector("input");
const current = () => document.querySelector("#rows [aria-current]");
const size = (some) => some.reduce((sum, row) => sum + Number(row.dataset.size || 1), 0);
let arrived = 0;

// The row so many steps away from this one, wherever in the list this one stands.
function neighbour(row, step) {
  const order = listed().filter((one) => one === row || rows().includes(one));
  return order[order.indexOf(row) + step];
}
const following = (row) => neighbour(row, 1) || rows().find((one) => one !== row);

// Say where the current item stands, and lead its arrows to what is beside it now.
function place() {
  const row = current();
  const left = rows();
  for (const [key, step] of [["j", 1], ["k", -1]]) {
    const link = document.querySelector(`#item [data-key="${key}"]`);
    const to = row && neighbour(row, step);
    if (link) link.hidden = !to;
    if (link && to) link.href = to.href;
  }
  const values = { place: size(left.slice(0, left.indexOf(row))) + 1, all: size(left), title: at("title").textContent };
  const position = document.querySelector("#item [data-place]");
  if (position && left.includes(row)) position.textContent = fill(position.dataset.place, values);
  for (const title of all(".rows-title")) {
    const number = size(left.filter((one) => title.nextElementSibling.contains(one)));
    title.hidden = !number;
    title.lastElementChild.textContent = number;
  }
  count(values.all + arrived);
  return values;
}

function count(number) {
  at("count").hidden = !number;
  at("count").textContent = number;
  at("tally").textContent = number || at("tally").dataset.none;
  document.title = (number ? `(${number}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const icon = document.querySelector("link[rel=icon]");
  icon.href = number ? icon.dataset.waiting : icon.dataset.none;
  navigator.setAppBadge?.(number).catch(() => {});
}

// The next item is read while nobody waits for it, a second later at the latest.
const ahead = new Map();
async function read(url) {
  const answer = await fetch(url);
  const page = parsed(await answer.text());
  if (!answer.ok || !page.getElementById("item")) throw new Error(answer.status);
  return page;
}
function prefetch() {
  (window.requestIdleCallback || setTimeout)(() => {
    const next = current() && following(current());
    if (!next || document.hidden || ahead.has(next.href)) return;
    ahead.clear();
    const coming = read(next.href);
    ahead.set(next.href, coming);
    coming.catch(() => ahead.delete(next.href));
  }, { timeout: 1000 });
}

// Whoever asked last is shown: an item that comes late does not push away what was opened since.
let turn = 0;
let path = location.pathname;
async function open(url, then) {
  const mine = ++turn;
  pane.inert = true;
  const coming = ahead.get(url) || read(url);
  ahead.delete(url);
  try {
    const page = await coming;
    if (mine !== turn) return;
    show(page, url);
    then?.();
  } catch {
    // Not while a decision comes back, and not past a door: there the undecided item is shown.
    line.then(() => { if (mine === turn && !door) location.assign(url); });
  }
}
function show(page, url) {
  put({ item: itemOf(page), url: new URL(url || page.body.dataset.here, location).href, picked: isPicked(page), title: page.title });
}
const itemOf = (page) => document.importNode(page.getElementById("item"), true);
const isPicked = (page) => page.body.classList.contains("is-picked");
const shown = () => ({ item: at("item"), url: location.href, picked: isPicked(document), title: document.title });
function put({ item, url, picked, title }) {
  turn += 1;
  if (url !== location.href) history.pushState(null, "", url);
  path = location.pathname;
  at("item").replaceWith(item);
  document.body.classList.toggle("is-picked", picked);
  document.title = title;
  point();
  current()?.scrollIntoView({ block: "nearest" });
  pane.inert = false;
  pane.scrollTop = 0;
  if (picked && innerWidth < 896) scrollTo(0, 0);
  seeAnew();
  giveBack(item);
  (item.querySelector("[autofocus]") || pane).focus({ preventScroll: true });
  place();
  prefetch();
}
function point() {
  for (const row of listed()) {
    const box = boxOf(row);
    row.removeAttribute("aria-current");
    if (box) delete box.dataset.key;
    if (row.dataset.row !== at("item").dataset.item) continue;
    row.setAttribute("aria-current", isPicked(document) ? "page" : "true");
    if (box) box.dataset.key = "x";
  }
}
function say(...lines) {
  at("said").replaceChildren(...lines.map(([textContent, className]) =>
    Object.assign(document.createElement("p"), { textContent, className })));
}

// Decisions are sent one behind the other; the answer is a page, as it is without a script.
let line = Promise.resolve();
let door = "";
let renewed = null;
function post(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  onTheWay += 1;
  const answered = line.then(async () => {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
    const page = parsed(await answer.text());
    if (!page.getElementById("item")) {
      // A login or another door has to be passed first.
      if (answer.redirected) door = answer.url;
      return {};
    }
    if (answer.ok) aside("forget", form);
    return { ok: answer.ok, page };
  }).catch(() => ({})).finally(() => { onTheWay -= 1; });
  line = answered.then(() => { if (door && onTheWay === 0) location.assign(door); });
  return answered;
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== "post") return;
  // A script's click reaches what makes room already; it decides nothing twice.
  if (form.closest("[inert]")) event.preventDefault();
  else if ("said" in form.dataset) decide(form, submitter);
  else if ("stay" in form.dataset) stay(form, submitter);
  else return;
  event.preventDefault();
});

// The item makes room for the next one at once. If its decision does not get through, it comes back.
function decide(form, submitter) {
  const was = shown();
  const row = current();
  const next = row && following(row);
  // An approval has its say beside its Undo.
  const said = [`${form.dataset.said}: ${at("title").textContent}.`, "toast" in form.dataset ? "hidden-label" : "note"];
  post(form, submitter).then(({ ok, page }) => {
    if (!ok) { bringBack(was, row, page); return; }
    renewed = aside("renew", page);
    if (!next) { takeIn(page); show(page); }
  });
  if (row) row.closest("li").hidden = true;
  if (next) open(next.href, () => say(said, [fill(at("said").dataset.now, place()), "hidden-label"]));
  else { pane.inert = true; say(said); place(); }
}
async function bringBack(was, row, page) {
  turn += 1;
  ahead.clear();
  // Without an answer only the item itself can say what became of the decision.
  const truth = page || await read(was.url).catch(() => null);
  if (row) row.closest("li").hidden = false;
  say();
  if (truth) { show(truth, was.url); aside("renew", truth); } else put(was);
  if (page || !document.querySelector("#item .acts")) return;
  all(".act", was.item).forEach((one) => { one.open = false; });
  all("#item [role=alert]").forEach((one) => one.remove());
  const told = Object.assign(document.createElement("p"), { className: "refusal", role: "alert" });
  told.textContent = truth ? at("said").dataset.lost : at("said").dataset.offline;
  at("item").prepend(told);
}

// An edit or an undo leads to what the server answers.
async function stay(form, submitter) {
  const was = shown();
  pane.inert = true;
  const { page } = await post(form, submitter);
  if (!page) { bringBack(was, current()); return; }
  const item = page.getElementById("item").dataset.item;
  if (form.id === "rows" || !listed().some((row) => row.dataset.row === item)) takeIn(page);
  say(...all("#said p", page).map((note) => [note.textContent, "note"]));
  if (form.id === "rows" && current()) pane.inert = false;
  else show(page);
  aside("renew", page);
}

// The box that was ticked last, and the passage that is marked for a note.
let ticked = null;
document.addEventListener("change", ({ target }) => { if (target.closest(".pick")) ticked = target; });
document.addEventListener("selectionchange", () => {
  const passage = getSelection();
  const from = passage.anchorNode?.parentElement?.closest("#item :is(.prose, .diff)");
  if (at("note-on")) at("note-on").hidden = !from || passage.isCollapsed;
});

// Inside the desk a link swaps the pane; one that leaves it waits until every decision is through.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.matches("[data-row], [data-open]")) { say(); open(link.href); }
  else if (link.id === "arrivals") line.then(() => read(location.href)).then(takeIn);
  else if (onTheWay && !link.target) line.then(() => location.assign(link.href));
  else return;
  event.preventDefault();
});
window.addEventListener("popstate", () => { if (location.pathname !== path) { say(); open(location.href); } });
window.addEventListener("beforeunload", (event) => { if (onTheWay && !door) event.preventDefault(); });
// What is undone is the last decision, also where its answer is still on the way.
document.addEventListener("keydown", (event) => {
  if (event.key !== "z" || !onTheWay || isNoKey(event)) return;
  event.stopPropagation();
  line.then(() => renewed).then(() => keyed("z")?.click());
}, true);

function takeIn(page) {
  at("rows").replaceChildren(...page.getElementById("rows").cloneNode(true).childNodes);
  arrived = 0;
  at("arrivals").hidden = true;
  point();
  place();
}

current()?.scrollIntoView({ block: "nearest" });
if (document.querySelector(".note, .refusal")) pane.focus({ preventScroll: true });
place();
prefetch();

// For how long the item has been in view, and whether its end has: told with its approval, for the meter of costs.
let looked = {};
function look() {
  const thing = document.querySelector(".thing");
  const at = performance.now();
  if (looked.thing !== thing) looked = { thing, at, ms: 0, whole: "no" };
  if (!document.hidden && thing?.checkVisibility()) {
    looked.ms += Math.min(at - looked.at, 500);
    const edge = document.querySelector("#item .acts")?.getBoundingClientRect().top;
    if (thing.getBoundingClientRect().bottom <= edge + 1) looked.whole = "yes";
  }
  looked.at = at;
}
setInterval(look, 250);
document.addEventListener("formdata", ({ target, formData }) => {
  if (!target.getAttribute("action")?.endsWith("/approval/")) return;
  look();
  formData.set("looked_ms", Math.round(looked.ms));
  formData.set("read_whole", looked.whole);
});

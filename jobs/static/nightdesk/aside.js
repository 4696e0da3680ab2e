// What a page does not need to stand: fetched when it is first asked for. The names of the other scripts are at hand.

// What is new is asked for here, and never comes under the cursor.
const { stamp } = document.body.dataset;
let etag = stamp ? `"${stamp}"` : "";
export const beat = () => ask().catch(() => {});
async function ask() {
  const here = location.href;
  const answer = await fetch(pulse, { headers: etag ? { "If-None-Match": etag } : {} });
  if (answer.status !== 200 || answer.redirected) return;
  const page = await fetch(here);
  const fresh = parsed(await page.text());
  if (!page.ok || page.redirected || here !== location.href || onTheWay) return;
  // What is held now is asked for again.
  if (renew(fresh)) etag = answer.headers.get("ETag");
}
const isHeld = (part) => part.contains(document.activeElement) || part.matches("[data-live=still]:hover");
export function renew(fresh) {
  const parts = all("[data-live]");
  const free = parts.filter((part) => !isHeld(part));
  for (const part of free) {
    const other = fresh.getElementById(part.id);
    if (!other) continue;
    const open = all("details", part).map((one) => one.open);
    part.replaceChildren(...other.cloneNode(true).childNodes);
    all("details", part).forEach((one, place) => { one.open = Boolean(open[place]); });
  }
  countDown();
  if (at("rows") && !onTheWay) arrive(fresh);
  return free.length === parts.length;
}

// What arrived waits to be asked for; what was decided elsewhere stays where it is.
function arrive(page) {
  const there = new Set(all("#rows [data-row]", page).map((row) => row.dataset.row));
  if (!rows().length && there.size) { takeIn(page); show(page); return; }
  for (const row of listed()) {
    const isThere = there.delete(row.dataset.row);
    if (isThere) row.closest("li").hidden = false;
    row.classList.toggle("gone", !isThere);
  }
  arrived = there.size;
  at("arrivals").hidden = !arrived;
  at("arrivals").textContent = fill(at("arrivals").dataset.new, { number: arrived });
  // Decided elsewhere while it was read: its outcome stands there, unless somebody is writing.
  const other = page.getElementById("item");
  if (current()?.classList.contains("gone") && other.dataset.item === at("item").dataset.item
    && !at("item").contains(document.activeElement)) at("item").replaceWith(itemOf(page));
  place();
  ahead.clear();
  prefetch();
}

// What is being typed, under the name of its form and its place there.
export const ready = () => {};
const draftOf = (form) => `draft:${form.dataset.draft}:${new URL(form.action).pathname}:`;
const fieldsOf = (form) => all("textarea, input:not([type=hidden])", form);
const nameOf = (field) => `${draftOf(field.form)}${field.name}${fieldsOf(field.form).indexOf(field)}`;
const drafts = () => Object.keys(localStorage).filter((name) => name.startsWith("draft:"));
const draft = (name) => JSON.parse(localStorage.getItem(name) || "null");
export function keep(field) {
  localStorage.setItem(nameOf(field), JSON.stringify({ from: field.defaultValue, text: field.value, at: Date.now() }));
}
export function forget(form) {
  drafts().filter((name) => name.startsWith(draftOf(form))).forEach((name) => localStorage.removeItem(name));
}
// Kept for a week at most, and only for the text that it was written over.
export function giveBack(root) {
  drafts().filter((name) => Date.now() - draft(name).at > 7 * 864e5).forEach((name) => localStorage.removeItem(name));
  for (const field of all("form[data-draft]", root).flatMap(fieldsOf)) {
    const kept = draft(nameOf(field));
    if (kept && kept.from !== field.defaultValue) localStorage.removeItem(nameOf(field));
    else if (kept && kept.text !== field.value) {
      field.value = kept.text;
      if (at("draft-state")) at("draft-state").textContent = at("draft-state").dataset.back;
    }
  }
}

// The keys of this page, drawn from its buttons.
export function help() {
  const list = at("keys").querySelector("dl");
  const lines = all("[data-key]").filter((one) => one.checkVisibility()).map((one) => {
    const copy = (one.closest("label") || one).cloneNode(true);
    all("kbd, .count, .quiet, em", copy).forEach((part) => part.remove());
    return [one.dataset.key, one.getAttribute("aria-label") || copy.textContent.trim()];
  });
  list.replaceChildren();
  for (const [key, does] of [...lines, ["Ctrl Enter", list.dataset.send], ["?", list.dataset.list]]) {
    list.append(Object.assign(document.createElement("dt"), { textContent: key }));
    list.append(Object.assign(document.createElement("dd"), { textContent: does }));
  }
  at("keys-on").checked = keysOn();
  at("keys-on").onchange = ({ target }) => localStorage.setItem("keys", target.checked ? "on" : "off");
  at("keys").showModal();
}

// From the box that was ticked last to the one of the current item.
export function range() {
  if (!current()) return;
  const boxes = rows().map(boxOf);
  const ends = [ticked, boxOf(current())].map((box) => Math.max(0, boxes.indexOf(box)));
  boxes.slice(Math.min(...ends), Math.max(...ends) + 1).forEach((box) => { box.checked = true; });
}

// Through the files of a diff, from the one that the focus is on.
export function leaf({ dataset }) {
  const step = Number(dataset.step);
  const files = all("#item > .sides .thing > .diff > summary");
  const from = files.indexOf(document.activeElement);
  const to = files[Math.min(files.length - 1, Math.max(0, from + (from < 0 ? Math.max(step, 1) : step)))];
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "start" });
}

// A passage that is marked becomes a note; several go as one revision.
export function note() {
  const quote = all("#notes [name=quote]").find((one) => !one.value);
  if (!quote) return;
  quote.value = String(getSelection()).replace(/\s+/g, " ").trim().slice(0, 600);
  quote.dispatchEvent(new Event("input", { bubbles: true }));
  at("revise").open = true;
  at("notes").open = true;
  getSelection().removeAllRanges();
  // The sheet's own focus comes first.
  setTimeout(() => quote.nextElementSibling.focus());
}

// What an item rests on is brought when it is opened: a part of the page that its link leads to, before that link.
export async function bring(summary) {
  summary.focus();
  const link = summary.parentElement.querySelector("[data-part]");
  if (!link) return;
  const { part } = link.dataset;
  delete link.dataset.part;
  const page = await fetch(link.href).then((answer) => answer.text()).then(parsed).catch(() => null);
  const found = page?.querySelector(part);
  if (found) link.parentElement.before(document.importNode(found, true));
  else link.dataset.part = part;
}

// The zone of this machine, told to the server.
export function zone(guess) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  guess.elements.zone.value = timeZone;
  sessionStorage.setItem("zone", timeZone);
  fetch(guess.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(guess)) }).catch(() => {});
}

// Renewing: when something changed, the page's own address is fetched again, and only what differs is touched, so that
// nothing typed, scrolled, opened or focused is lost.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const body = document.body;

let running = false, wanted = null;
const drafts = new Map();  // what is half written stays in its channel while its writer looks elsewhere

export async function renew(url = location.href, { go = false } = {}) {
  if (running) { if (go || !wanted?.go) wanted = { url, go }; return; }
  running = true;
  try {
    const answer = await fetch(url, { headers: go ? {} : { "X-Renew": "1" } });
    body.classList.remove("is-offline");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Somebody who has walked on meanwhile must not be carried back.
    if (answer.ok && one("[data-pane]", page) && (go || url === location.href)) {
      if (go) history.pushState(null, "", answer.url);
      show(page, go);
    } else if (!answer.ok) toast("This page is gone. Choose a channel on the left.");
  } catch { body.classList.add("is-offline"); }
  running = false;
  if (wanted) { const next = wanted; wanted = null; renew(next.go ? next.url : location.href, next); }
}

function show(page, go) {
  const low = new Set(all("[data-stick]").filter(atEnd).map((log) => log.dataset.key));
  const form = one(".modal")?.id;
  for (const box of all(".composer textarea")) drafts.set(box.id, box.value);
  document.title = page.title;
  Object.assign(body.dataset, page.body.dataset);
  for (const pane of all("[data-pane]")) morph(pane, one(`[data-pane="${pane.dataset.pane}"]`, page));
  for (const log of all("[data-stick]")) if (low.has(log.dataset.key) || !log.dataset.seen) toEnd(log);
  for (const box of all(".composer textarea")) if (!box.value && drafts.has(box.id)) box.value = drafts.get(box.id);
  if (go) {
    body.classList.remove("menu-open");
    const box = one(".composer textarea");
    if (box?.dataset.prefill) box.value = box.dataset.prefill;
    if (!matchMedia("(max-width: 760px)").matches || box?.dataset.prefill) box?.focus();
  }
  settleModal(form);
  if (one(".said .toast")) setTimeout(renew, 10_000);
}

const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
export const toEnd = (log) => { log.scrollTop = log.scrollHeight; log.dataset.seen = "1"; };

// Whoever reads the newest goes on reading it when the window gets another size, or a phone's keyboard comes up.
const further = new WeakSet();
addEventListener("scroll", ({ target }) => { if (target.dataset) further[atEnd(target) ? "delete" : "add"](target); }, true);
addEventListener("resize", () => { for (const log of all("[data-stick]")) if (!further.has(log)) toEnd(log); });

const keyOf = (node) => (node.nodeType === 1 ? node.id || node.dataset.key || "" : "");
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
// What this script or the person has set on an element is not the server's to take away.
const KEPT = new Set(["open", "aria-busy", "inert", "data-seen", "aria-expanded", "data-wrong"]);

function morph(old, fresh) {
  if (old.nodeType !== 1) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return; }
  if (old.hasAttribute("data-own") || old.isEqualNode(fresh)) return;
  const before = startOf(old);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  const keyed = new Map([...old.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  const staying = new Set([...fresh.childNodes].map(keyOf));
  for (const [key, node] of keyed) if (!staying.has(key)) node.remove();
  let here = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const match = keyOf(node) ? keyed.get(keyOf(node)) : here && !keyOf(here) ? here : null;
    if (match && alike(match, node)) {
      // What stands before it and has no name goes, so that it need not move: a moved input loses its focus.
      while (match !== here && here && !keyOf(here)) here = drop(here);
      if (match === here) here = here.nextSibling; else old.insertBefore(match, here);
      morph(match, node);
    } else old.insertBefore(document.importNode(node, true), here);
  }
  while (here) here = drop(here);
  // An input follows the app when what the app shows in it changed, and the person otherwise; in a form, the person.
  if (before !== startOf(fresh) && !old.closest(".modal")) {
    if (old.nodeName === "SELECT") old.value = startOf(fresh); else old.checked = fresh.defaultChecked;
  }
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function startOf(input) {
  if (input.nodeName === "SELECT") return [...input.options].find((option) => option.defaultSelected)?.value ?? "";
  return input.type === "checkbox" || input.type === "radio" ? input.defaultChecked : null;
}

// A WebSocket, not an event stream: a browser keeps six plain connections to one address for all its tabs together,
// and six people in six tabs would use them up.
let timer = 0;
export function listen() {
  const line = new WebSocket(`${location.origin.replace("http", "ws")}/page/changes`);
  line.onopen = () => { body.classList.remove("is-offline"); renew(); };
  line.onmessage = ({ data }) => {
    if (data && data !== body.dataset.person) return;
    clearTimeout(timer);
    timer = setTimeout(renew, 25);
  };
  line.onclose = () => { body.classList.add("is-offline"); setTimeout(listen, 800); };
}

export function settleModal(before) {
  const form = one(".modal");
  one("#app").inert = Boolean(form);
  if (form && form.id !== before) (one("[data-autofocus]", form) ?? one(".modal-body :is(input, select, textarea)", form) ?? one("footer .btn:last-child", form)).focus();
  else if (!form && before) one(".composer textarea")?.focus();
}

export function toast(words) {
  const note = Object.assign(document.createElement("div"), { className: "toast", textContent: words });
  one("#toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

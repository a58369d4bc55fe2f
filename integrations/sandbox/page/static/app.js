// Doing: what a person types, presses, chooses and sends. No library, and no state but what is on the screen.

import { all, listen, one, renew, settleModal, toast, toEnd } from "./renew.js";

const body = document.body;

// Every act is one request; the thing pressed shows that it waits until the app has answered.

async function act(what, details, pressed) {
  pressed?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${body.dataset.base}/do/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(details),
    });
    const said = await answer.json();
    if (said.problem) toast(said.problem);
    return said;
  } catch { toast("The workspace doesn’t answer. Is it still running?"); return {}; }
  finally { pressed?.removeAttribute("aria-busy"); renew(); }
}

function source(element) {
  const { source: kind, channel, ts, view } = element.closest("[data-source]").dataset;
  return { kind, channel, ts, view, state: stateOf(element.closest("[data-source]")) };
}

function valueOf(input) {
  const boxes = all("input", input);
  if (!boxes.length) return input.value;
  const ticked = boxes.filter((box) => box.checked).map((box) => box.value);
  return boxes[0].type === "radio" ? ticked[0] ?? "" : ticked;
}

const stateOf = (root) => all("[data-input]", root).map((input) => (
  { block: input.dataset.block, action: input.dataset.action, type: input.dataset.input, value: valueOf(input) }));

async function agreed(element) {
  const asked = element.dataset.confirm && document.getElementById(element.dataset.confirm);
  if (!asked) return true;
  const dialog = one("#confirm"), [no, yes] = all("button", dialog);
  const words = one(".confirm-words", dialog);
  words.replaceChildren(asked.content.cloneNode(true));
  one("h2", words)?.setAttribute("id", "confirm-title");
  [no.textContent, yes.textContent] = [asked.dataset.no, asked.dataset.yes];
  yes.className = asked.dataset.danger ? "btn danger" : "btn primary";
  dialog.returnValue = "no";
  dialog.showModal();
  yes.focus();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "yes";
}

document.addEventListener("click", async (event) => {
  const on = (selector) => event.target.closest(selector);
  for (const menu of all("details.overflow[open]")) if (!menu.contains(event.target)) menu.open = false;
  const pressed = on("[data-press]"), link = on("a[href]"), offered = on("[data-command]"), closing = on("[data-close-view]");
  if (on("[data-menu]")) toggleMenu();
  else if (pressed) {
    if (pressed.getAttribute("aria-busy")) return;
    const { block, action, value, kind } = pressed.dataset;
    const details = { ...source(pressed), block, action, type: kind ?? "button", value: value ?? "" };
    if (kind === "overflow") pressed.closest("details").open = false;
    if (await agreed(pressed)) await act("press", details, pressed);
  } else if (closing) await act("close", { ...source(closing), all: closing.dataset.closeView === "all" }, closing);
  else if (on("[data-dismiss]")) await act("dismiss", source(event.target), event.target);
  else if (offered) take(offered);
  else if (link && link.origin === location.origin && !link.target && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    renew(link.href, { go: true });
  } else if (body.classList.contains("menu-open") && !on(".people, .places")) toggleMenu();
});

document.addEventListener("change", async (event) => {
  const input = event.target.closest("[data-input]");
  if (!input?.hasAttribute("data-live")) return;
  const { block, action, input: type } = input.dataset;
  if (await agreed(input)) await act("press", { ...source(input), block, action, type, value: valueOf(input) }, input);
  else if (event.target.type === "checkbox" || event.target.type === "radio") event.target.checked = event.target.defaultChecked;
  else for (const option of event.target.options ?? []) option.selected = option.defaultSelected;
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form.matches(".composer")) {
    const box = one("textarea", form), text = box.value.trim();
    if (!text) return;
    box.value = "";
    suggest(box);
    // What was offered is said now: coming back to this address must not offer it again.
    const here = new URL(location.href);
    here.searchParams.delete("say");
    history.replaceState(null, "", here);
    await act("type", { channel: form.dataset.channel, thread: form.dataset.thread, text }, one(".send", form));
  } else if (form.matches(".modal")) {
    const said = await act("submit", source(form), one("[type=submit]", form));
    complain(form, said.errors ?? {});
  }
});

function complain(form, errors) {
  for (const field of all("[data-field]", form)) {
    const said = errors[field.dataset.field] ?? "", place = one(".error", field);
    field.toggleAttribute("data-wrong", Boolean(said));
    place.toggleAttribute("data-own", Boolean(said));
    Object.assign(place, { textContent: said, hidden: !said });
  }
  one("[data-wrong] .field, [data-wrong] input", form)?.focus();
}

// The composer: Enter sends, `/` offers the commands.

const listOf = (box) => document.getElementById(box.getAttribute("aria-controls"));

function suggest(box) {
  const list = listOf(box), typed = box.value.toLowerCase();
  const fitting = all("[data-command]", list).filter((offer) => {
    // Once a command is typed in full its usage stays in view while the words after it are typed.
    const name = offer.dataset.command, fits = typed.startsWith("/") && (name.startsWith(typed) || typed.startsWith(`${name} `));
    offer.hidden = !fits;
    return fits;
  });
  list.hidden = !fitting.length;
  box.setAttribute("aria-expanded", String(!list.hidden));
  mark(box, list, fitting[0]);
}

function mark(box, list, chosen) {
  for (const offer of all("[data-command]", list)) offer.setAttribute("aria-selected", String(offer === chosen));
  box.setAttribute("aria-activedescendant", chosen?.id ?? "");
}

function take(offer) {
  const box = one("textarea", offer.closest(".composer"));
  box.value = `${offer.dataset.command} `;
  box.focus();
  suggest(box);
}

document.addEventListener("input", ({ target }) => { if (target.matches(".composer textarea")) suggest(target); });
document.addEventListener("mousedown", (event) => { if (event.target.closest("[data-command]")) event.preventDefault(); });
document.addEventListener("focusout", ({ target }) => {
  if (target.matches(".composer textarea")) setTimeout(() => { one(".suggestions", target.closest(".composer"))?.setAttribute("hidden", ""); }, 150);
});

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.key === "Escape" && !one("dialog[open]")) return leave();
  if (event.key === "Enter" && box.matches?.("input[data-live]")) { event.preventDefault(); box.blur(); }
  if (!box.matches?.(".composer textarea") || event.isComposing) return;
  const list = listOf(box), typed = box.value.trim();
  const offers = list.hidden ? [] : all("[data-command]:not([hidden])", list);
  const chosen = offers.find((offer) => offer.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], unfinished = chosen?.dataset.command.startsWith(typed) && chosen.dataset.command !== typed;
  if (offers.length && step) mark(box, list, offers[(offers.indexOf(chosen) + step + offers.length) % offers.length]);
  else if (unfinished && !event.shiftKey && (event.key === "Tab" || event.key === "Enter")) take(chosen);
  else if (event.key === "Enter" && !event.shiftKey) box.form.requestSubmit();
  else return;
  event.preventDefault();
});

function leave() {
  const list = all(".suggestions:not([hidden])")[0], menu = one("details.overflow[open]");
  if (menu) menu.open = false;
  else if (one(".modal")) one(".modal footer [data-close-view]").click();
  else if (list) list.hidden = true;
  else if (body.classList.contains("menu-open")) toggleMenu();
  else one("[data-close-thread]")?.click();
}

// The rest: the drawer on a phone, and the way back.

function toggleMenu() {
  const open = body.classList.toggle("menu-open");
  one("[data-menu]").setAttribute("aria-expanded", String(open));
  one(open ? ".person.current" : "[data-menu]").focus();
}

addEventListener("popstate", () => renew());
for (const log of all("[data-stick]")) toEnd(log);
settleModal();
const first = one(".composer textarea[data-prefill]");
if (first) { first.focus(); first.setSelectionRange(first.value.length, first.value.length); }
listen();

// Asks, for every element with data-pulse="<address>", whether anything changed,
// and tells the element by the event pulse:changed; htmx does the rest where the
// element has hx-trigger="pulse:changed". data-mark is what the element shows.
//
// While the line is down, body has data-offline-since, [data-offline-note] is
// shown, and forms and links are refused: nothing typed or pressed is lost in
// silence. Events on document: pulse:offline, pulse:online.
//
// A page may do without an address and fetch a part of itself now and then, by
// hx-select and hx-target="this": then those answers tell whether the line is
// up, and while it is down pulse:retry on document asks for the next. What has the
// focus in such a part has it afterwards, and what was chosen stays chosen.
"use strict";
(() => {
  const EVERY = 1000;
  const PATIENCE = 4000;
  const WAITING = 8000;
  const RETRY = 5000;
  const asked = new WeakMap();
  let failures = 0;
  let busy = false;
  let retried = 0;

  const tell = (target, name, detail) =>
    target.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

  const notes = (name, shown, time) => {
    for (const note of document.querySelectorAll(`[data-${name}-note]`)) {
      note.hidden = !shown;
      const since = note.querySelector("[data-since]");
      if (since && time) {
        since.textContent = time.toLocaleTimeString(document.documentElement.lang || undefined, {
          hour: "2-digit",
          minute: "2-digit",
        });
      }
    }
  };

  const isDown = () => "offlineSince" in document.body.dataset;

  const down = () => {
    failures += 1;
    if (isDown() || (failures < 2 && navigator.onLine)) return;
    const now = new Date();
    document.body.dataset.offlineSince = now.toISOString();
    notes("offline", true, now);
    tell(document, "pulse:offline", { since: now.toISOString() });
  };

  const up = () => {
    failures = 0;
    if (!isDown()) return;
    delete document.body.dataset.offlineSince;
    notes("offline", false);
    tell(document, "pulse:online", {});
  };

  const changed = (element, mark) => {
    const before = asked.get(element);
    // What htmx fetches is on its way: not asked for again, unless that fails or hangs.
    if (before && before.mark === mark && Date.now() - before.at < WAITING) return;
    asked.set(element, { mark, at: Date.now() });
    // htmx puts the new mark there with what it fetches; else the listener has been told.
    if (!element.hasAttribute("hx-get") && !element.hasAttribute("data-hx-get")) element.dataset.mark = mark;
    tell(element, "pulse:changed", { mark });
  };

  document.addEventListener("htmx:afterRequest", (event) => {
    const element = event.target;
    const before = asked.get(element);
    if (!before) return;
    asked.delete(element);
    if (event.detail.successful && element.isConnected) element.dataset.mark = before.mark;
  });

  const ask = async (address, elements) => {
    const known = elements.every((element) => element.dataset.mark === elements[0].dataset.mark)
      ? elements[0].dataset.mark
      : "";
    const answer = await fetch(address, {
      cache: "no-store",
      credentials: "same-origin",
      headers: known ? { "If-None-Match": `"${known}"` } : {},
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.status === 403 || answer.status === 404) {
      for (const element of elements) delete element.dataset.pulse;
      notes("refused", true);
      return;
    }
    if (answer.status !== 204 && answer.status !== 304) throw new Error(String(answer.status));
    const next = answer.headers.get("Pulse-Address");
    const mark = (answer.headers.get("ETag") || "").replace(/^W\/|"/g, "");
    for (const element of elements) {
      if (next) element.dataset.pulse = next;
      if (mark && element.dataset.mark !== mark) changed(element, mark);
    }
  };

  const tick = async () => {
    if (busy || document.visibilityState !== "visible") return;
    busy = true;
    try {
      const groups = new Map();
      for (const element of document.querySelectorAll("[data-pulse]")) {
        const group = groups.get(element.dataset.pulse) || [];
        group.push(element);
        groups.set(element.dataset.pulse, group);
      }
      await Promise.all(Array.from(groups, ([address, elements]) => ask(address, elements)));
      if (groups.size) up();
      else if (isDown() && Date.now() - retried > RETRY) {
        retried = Date.now();
        tell(document, "pulse:retry", {});
      }
    } catch (_error) {
      down();
    } finally {
      busy = false;
    }
  };

  const sign = (item) => {
    const action = item.form ? item.form.getAttribute("action") : "";
    const text = item.localName === "button" ? item.textContent : "";
    return [item.localName, action, item.name, item.value, item.getAttribute("href"), text].join("|");
  };
  const nameOf = (select) => `${select.form ? select.form.getAttribute("action") : ""}|${select.name}`;
  let held = { signs: [], chosen: new Map() };

  const hold = (part) => {
    const item = part.contains(document.activeElement) ? document.activeElement : null;
    const row = item && item.closest("tr, article");
    // Where another's touch takes away what has the focus, the link to its row has it.
    const signs = [item, row && row.querySelector("a[href]")].filter(Boolean).map(sign);
    held = { signs, chosen: new Map([...part.querySelectorAll("select")].map((one) => [nameOf(one), one.value])) };
  };

  const giveBack = (part) => {
    for (const select of part.querySelectorAll("select")) {
      const value = held.chosen.get(nameOf(select));
      if ([...select.options].some((option) => option.value === value)) select.value = value;
    }
    const items = [...part.querySelectorAll("a[href], button, select")];
    const found = held.signs.map((one) => items.find((item) => sign(item) === one)).find(Boolean);
    if (found && document.activeElement === document.body) found.focus({ preventScroll: true });
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    const part = event.detail.target.dataset.hxSelect;
    if (part) giveBack(document.querySelector(part));
  });

  // A part of the page that is fetched anew stays where the answer is without it, as the page to sign in is.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    const part = target.dataset.hxSelect;
    if (!part) return;
    const alone = !document.querySelector("[data-pulse]");
    if (xhr.status >= 500) {
      if (alone) down();
      return;
    }
    if (alone) up();
    const isThere = xhr.status < 400 && xhr.responseText.includes(`id="${part.slice(1)}"`);
    if (isThere) hold(target);
    else event.detail.shouldSwap = false;
    notes("refused", !isThere);
  });

  // What was pressed while nobody had noticed yet is not silently lost either.
  const lost = (event) => {
    failures += 2;
    down();
    if (event.target.closest && event.target.closest("form")) flash();
  };
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);

  const flash = () => {
    const note = document.querySelector("[data-offline-note]");
    if (!note) return;
    note.classList.remove("refusing");
    void note.offsetWidth;
    note.classList.add("refusing");
    note.focus();
  };

  const refuse = (event) => {
    if (!isDown()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    flash();
  };

  document.addEventListener("submit", refuse, true);
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest("a[href]");
      if (link && !link.getAttribute("href").startsWith("#")) refuse(event);
    },
    true,
  );
  document.addEventListener("visibilitychange", tick);
  window.addEventListener("online", tick);
  window.addEventListener("offline", tick);
  setInterval(tick, EVERY);
})();

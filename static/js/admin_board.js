// The timeline and the floor plan stay as they are in the house: what is shown
// is fetched again when the pulse says that something changed, and a minute after
// it was fetched: what it says of the time is never older. Nothing is exchanged
// while somebody carries a bar or has the choice of a table open, and what had
// the focus has it afterwards.
//
// A touch on a table or gap opens what can be done there in a dialog. Without
// this script the links lead to the same as pages.
"use strict";
(() => {
  const board = document.getElementById("board");
  const choice = document.getElementById("choice");
  if (!board) return;
  const MINUTE = 60 * 1000;
  let timer = 0;
  let isOld = false;
  let isHeld = false;
  let isDue = false;
  let asked = 0;

  const focusOf = (item = document.activeElement) => {
    if (!item || !board.contains(item)) return null;
    const row = item.closest("[data-table]");
    return {
      id: item.dataset.reservation,
      table: row ? row.dataset.table : "",
      at: Number(item.dataset.at || 0),
      scrolls: item.matches(".board-scroll"),
    };
  };

  const find = (focus) => {
    if (focus.scrolls) return board.querySelector(".board-scroll");
    const own = focus.id
      ? Array.from(board.querySelectorAll(`a[data-reservation="${CSS.escape(focus.id)}"]`))
      : [];
    const inRow = Array.from(board.querySelectorAll(`[data-table="${CSS.escape(focus.table)}"] a[data-at]`));
    return (
      own.find((item) => item.closest("[data-table]").dataset.table === focus.table) ||
      own[0] ||
      inRow.find((item) => focus.at < Number(item.dataset.at) + Number(item.dataset.span)) ||
      inRow[inRow.length - 1] ||
      board.querySelector(`a[data-table="${CSS.escape(focus.table)}"]`)
    );
  };

  // A page that nobody looks at asks for nothing, and for what it has missed once it is looked at again.
  const old = () => {
    isOld = document.visibilityState !== "visible";
    if (!isOld) refresh();
  };

  const age = () => {
    clearTimeout(timer);
    timer = setTimeout(old, MINUTE);
  };

  const refresh = async (focus) => {
    if (isHeld) {
      isDue = true;
      return;
    }
    isDue = false;
    age();
    asked += 1;
    const number = asked;
    let text;
    try {
      const answer = await fetch(board.dataset.again, { credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      text = await answer.text();
    } catch (_error) {
      board.dataset.mark = ""; // The line is down: the pulse says so, and comes again once it is up.
      return;
    }
    if (number !== asked) return; // Asked again meanwhile: that answer is the newer one.
    if (isHeld) {
      isDue = true;
      return;
    }
    const kept = focus || focusOf();
    const before = board.querySelector(".board-scroll");
    const [left, top] = before ? [before.scrollLeft, before.scrollTop] : [0, 0];
    board.innerHTML = text;
    const after = board.querySelector(".board-scroll");
    if (after) after.scrollTo({ left, top, behavior: "instant" });
    board.dispatchEvent(new CustomEvent("board:shown"));
    const item = kept && find(kept);
    if (item) item.focus({ preventScroll: !focus });
  };

  const hold = () => {
    isHeld = true;
  };

  // Ends the hold. What became due meanwhile is fetched now; always, where focus says what is to have it.
  const release = (focus) => {
    isHeld = false;
    return focus || isDue ? refresh(focus) : Promise.resolve();
  };

  // The way back to a table after what is done there: the address says which one has the focus then.
  const wayTo = (link) => {
    const { table, at } = focusOf(link);
    return `${board.dataset.back}#at-${table}-${link.dataset.slot || at}`;
  };

  const comeBack = () => {
    const [, table, at] = location.hash.match(/^#at-(\d+)-(\d+)$/) || [];
    if (!table) return;
    history.replaceState(null, "", location.pathname + location.search);
    const item = find({ table, at: Number(at) });
    if (item) item.focus();
  };

  const open = async (address, link) => {
    const asked = `${address}&part=choice&back=${encodeURIComponent(wayTo(link))}`;
    try {
      const answer = await fetch(asked, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      choice.innerHTML = await answer.text();
    } catch (_error) {
      location.assign(address);
      return;
    }
    const title = choice.querySelector("h2");
    title.id = "choice-title";
    choice.setAttribute("aria-labelledby", title.id);
    const close = document.createElement("form");
    close.method = "dialog";
    const button = document.createElement("button");
    button.className = "button close";
    button.textContent = choice.dataset.close;
    close.append(button);
    choice.append(close);
    hold();
    choice.showModal();
  };

  if (choice) {
    choice.addEventListener("close", () => release());
    choice.addEventListener("click", (event) => {
      if (event.target === choice) choice.close();
    });
    board.addEventListener("click", (event) => {
      const link = event.target.closest("a.gap, a.blocked, a.spot");
      if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(link.getAttribute("data-asked") || link.getAttribute("href"), link);
    });
  }

  board.addEventListener("pulse:changed", () => refresh());
  document.addEventListener("visibilitychange", () => {
    if (isOld) old();
  });
  age();
  window.board = { hold, release };
  // Not sooner: the timeline makes its grid first.
  document.addEventListener("DOMContentLoaded", comeBack);
})();

// Bars of the timeline are carried to another table or time: by mouse or pen, by
// touch after a long press (so that scrolling still works), or by keys. Where
// they are dropped the write rules decide; what they refuse goes back, and the
// reason is shown. Gaps are pointed at slot by slot.
"use strict";
(() => {
  const board = document.getElementById("board");
  const form = document.getElementById("drop");
  const exceed = document.getElementById("exceed");
  const said = document.getElementById("said");
  const SLOT = 900;
  const LONG_PRESS = 400;
  const EDGE = 48;
  let grid; // The table, its scroller, rows and what its slots are called.
  let cursor = null; // Where the focus is: a row and a slot.
  let carried = null;
  let pressed = null;
  let waiting = null;
  let justDropped = 0;

  const say = (text, refused = false) => {
    said.textContent = text;
    said.classList.toggle("refused", refused);
  };
  const fill = (text, words) => text.replace(/\{(\w+)\}/g, (_all, name) => words[name]);
  const rowOf = (item) => item.closest("[data-table]");
  const itemsOf = (row) => Array.from(row.querySelectorAll("a[data-at]"));
  const begin = (item) => Number(item.dataset.at);
  const end = (item) => begin(item) + Number(item.dataset.span);
  const nearest = (numbers, wanted) =>
    numbers.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));

  // --- Where things are -------------------------------------------------------

  const geometry = () => {
    const table = grid.table.getBoundingClientRect();
    const names = grid.table.querySelector("th").offsetWidth;
    return { left: table.left + names, width: (table.width - names) / grid.slots, names };
  };

  const slotAt = (x) => {
    const { left, width } = geometry();
    return Math.max(0, Math.min(grid.slots - 1, Math.floor((x - left) / width)));
  };

  const put = (mark, row, slot, span) => {
    const { left, width } = geometry();
    const scroller = grid.scroller.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    mark.style.left = `${left + slot * width - scroller.left - grid.scroller.clientLeft + grid.scroller.scrollLeft}px`;
    mark.style.top = `${box.top + 2 - scroller.top - grid.scroller.clientTop + grid.scroller.scrollTop}px`;
    mark.style.width = `${span * width}px`;
    mark.style.height = `${box.height - 4}px`;
    mark.hidden = false;
  };

  const reveal = (row, slot, span) => {
    const { left, width, names } = geometry();
    const box = grid.scroller.getBoundingClientRect();
    const [from, to] = [left + slot * width, left + (slot + span) * width];
    if (from < box.left + names) grid.scroller.scrollLeft -= box.left + names - from + 8;
    else if (to > box.right) grid.scroller.scrollLeft += Math.min(to - box.right + 8, from - box.left - names);
    row.querySelector("th").scrollIntoView({ block: "nearest", behavior: "instant" });
  };

  const mark = (name) => {
    const made = document.createElement("div");
    made.className = name;
    made.hidden = true;
    made.setAttribute("aria-hidden", "true");
    grid.scroller.append(made);
    return made;
  };

  const showNow = () => {
    const passed = (Date.now() - grid.shownAt) / 1000;
    const slot = (Number(grid.table.dataset.now) + passed - grid.first) / SLOT;
    grid.now.hidden = slot < 0 || slot > grid.slots;
    if (grid.now.hidden) return;
    const { left, width } = geometry();
    const scroller = grid.scroller.getBoundingClientRect();
    grid.now.style.left = `${left + slot * width - scroller.left - grid.scroller.clientLeft + grid.scroller.scrollLeft}px`;
    grid.now.style.top = `${grid.head}px`;
    grid.now.style.height = `${grid.table.offsetHeight - grid.head}px`;
  };

  // --- The grid: one stop for the Tab key, arrows inside ----------------------

  const focus = (item, slot) => {
    for (const other of grid.table.querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    cursor = { row: rowOf(item), slot: Math.max(begin(item), Math.min(end(item) - 1, slot)) };
    if (document.activeElement !== item) item.focus({ preventScroll: true });
    const isGap = item.classList.contains("gap");
    if (isGap) put(grid.cursor, cursor.row, cursor.slot, 1);
    else grid.cursor.hidden = true;
    reveal(cursor.row, isGap ? cursor.slot : begin(item), isGap ? 1 : Number(item.dataset.span));
  };

  const step = (item, across, down) => {
    const items = itemsOf(rowOf(item));
    if (across) {
      const next = cursor.slot + across;
      if (item.classList.contains("gap") && begin(item) <= next && next < end(item)) {
        focus(item, next);
        say(`${rowOf(item).dataset.name}, ${grid.clocks[next]}`);
        return;
      }
      const other = items[items.indexOf(item) + across];
      if (other) focus(other, across > 0 ? begin(other) : end(other) - 1);
      return;
    }
    for (let at = grid.rows.indexOf(rowOf(item)) + down; grid.rows[at]; at += down) {
      const there = itemsOf(grid.rows[at]);
      if (!there.length) continue;
      const slot = cursor.slot;
      focus(there.find((one) => slot < end(one)) || there[there.length - 1], slot);
      return;
    }
  };

  const shown = () => {
    const table = board.querySelector("table.timeline");
    grid = {
      table,
      scroller: board.querySelector(".board-scroll"),
      rows: Array.from(table.querySelectorAll("[data-table]")),
      slots: Number(table.dataset.slots),
      first: Number(table.dataset.first),
      clocks: table.dataset.clocks.split("|"),
      starts: table.dataset.starts.split(" ").filter(Boolean).map(Number),
      head: table.tHead.offsetHeight + table.querySelector(".paces").offsetHeight,
      shownAt: Date.now(),
    };
    table.setAttribute("role", "grid");
    grid.scroller.removeAttribute("tabindex");
    Object.assign(grid, { landing: mark("landing"), cursor: mark("cursor"), now: mark("now-line") });
    const items = Array.from(table.querySelectorAll("a[data-at]"));
    for (const item of items) item.tabIndex = -1;
    const known = cursor && grid.rows.find((row) => row.dataset.table === cursor.row.dataset.table);
    const stop = (known && itemsOf(known).find((item) => cursor.slot < end(item))) || items[0];
    if (stop) stop.tabIndex = 0;
    showNow();
  };

  // --- Carrying ---------------------------------------------------------------

  const pick = (bar, slot = begin(bar)) => {
    if ("offlineSince" in document.body.dataset) return say(board.dataset.failed, true);
    if (exceed) exceed.hidden = true;
    const own = begin(bar);
    carried = {
      bar,
      id: bar.dataset.reservation,
      name: bar.querySelector("b").textContent,
      span: Number(bar.dataset.span),
      origin: { row: rowOf(bar), slot: own },
      target: { row: rowOf(bar), slot: own },
      choices: bar.dataset.moves === "all" ? [...new Set([...grid.starts, own])].sort((a, b) => a - b) : [own],
      held: slot - own,
    };
    window.board.hold(true);
    bar.classList.add("carried");
    board.classList.add("carrying");
    grid.cursor.hidden = true;
    land();
  };

  const land = () => {
    const { row, slot } = carried.target;
    put(grid.landing, row, slot, carried.span);
    carried.text = fill(board.dataset.target, { table: row.dataset.name, time: grid.clocks[slot] });
    grid.landing.textContent = carried.text;
  };

  const over = (x, y) => {
    const found = document.elementFromPoint(x, y);
    const row = found && found.closest("#board [data-table]");
    if (row) carried.target.row = row;
    carried.target.slot = nearest(carried.choices, slotAt(x) - carried.held);
    land();
  };

  const lay = () => {
    const was = carried;
    carried = null;
    clearInterval(was.scrolling);
    was.bar.classList.remove("carried");
    board.classList.remove("carrying");
    grid.landing.hidden = true;
    return was;
  };

  const giveUp = () => {
    const was = lay();
    say(fill(board.dataset.givenUp, { name: was.name }));
    window.board.hold(false);
  };

  const drop = () => {
    const was = lay();
    const isSame = was.target.row === was.origin.row && was.target.slot === was.origin.slot;
    if (isSame) {
      say(fill(board.dataset.givenUp, { name: was.name }));
      window.board.hold(false);
      return;
    }
    const data = new FormData(form);
    data.set("reservation", was.id);
    data.set("seen", was.bar.dataset.seen);
    data.set("table", was.origin.row.dataset.table);
    data.set("to", was.target.row.dataset.table);
    if (was.target.slot !== was.origin.slot) data.set("start", String(grid.first + was.target.slot * SLOT));
    if (document.getElementById("tell").checked) data.set("tell", "on");
    send(data, was);
  };

  const send = async (data, was) => {
    let told = null;
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, credentials: "same-origin" });
      if (answer.redirected) return location.reload();
      if (!(answer.headers.get("Content-Type") || "").includes("json")) throw new Error(String(answer.status));
      told = await answer.json();
    } catch (_error) {
      say(board.dataset.failed, true);
    }
    const place = told && told.done ? was.target : was.origin;
    window.board.hold(false);
    await window.board.refresh({ id: was.id, table: place.row.dataset.table, at: place.slot });
    if (!told) return;
    say(told.text, !told.done);
    waiting = told.exceed ? { data, was } : null;
    exceed.hidden = !waiting;
    if (waiting) exceed.querySelector("input").focus();
  };

  // --- Keys -------------------------------------------------------------------

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const carry = (across, down) => {
    const { target, choices } = carried;
    const at = choices.indexOf(target.slot) + across;
    if (across && choices[at] !== undefined) target.slot = choices[at];
    const row = grid.rows[grid.rows.indexOf(target.row) + down];
    if (down && row) target.row = row;
    land();
    reveal(target.row, target.slot, carried.span);
    say(carried.text);
  };

  board.addEventListener("keydown", (event) => {
    const item = event.target.closest("a[data-at]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (carried) {
      event.preventDefault();
      if (arrow) carry(...arrow);
      else if (event.key === "Enter" || event.key === " ") drop();
      else if (event.key === "Escape" || event.key === "Tab") giveUp();
      return;
    }
    if (arrow) step(item, ...arrow);
    else if (event.key === "Home") focus(itemsOf(rowOf(item))[0], 0);
    else if (event.key === "End") focus(itemsOf(rowOf(item)).at(-1), grid.slots);
    else if (event.key === " " && item.dataset.moves && form) {
      pick(item);
      say(fill(board.dataset.picked, { name: carried ? carried.name : "" }));
    } else return;
    event.preventDefault();
  });

  board.addEventListener("focusin", (event) => {
    const item = event.target.closest("a[data-at]");
    if (!item || carried) return;
    const isHere = cursor && cursor.row === rowOf(item) && begin(item) <= cursor.slot && cursor.slot < end(item);
    if (!pressed) focus(item, isHere ? cursor.slot : begin(item));
  });
  board.addEventListener("focusout", () => {
    grid.cursor.hidden = true;
  });

  // --- Mouse, pen and touch ---------------------------------------------------

  const lift = (event) => {
    clearTimeout(pressed.timer);
    const { bar, x } = pressed;
    pick(bar, slotAt(x));
    if (!carried) return;
    carried.pointer = event.pointerId;
    carried.scrolling = setInterval(() => {
      if (!carried || !carried.at) return;
      const [pointerX, pointerY] = carried.at;
      const box = grid.scroller.getBoundingClientRect();
      const near = (low, high, at) => (at < low + EDGE ? -12 : at > high - EDGE ? 12 : 0);
      const across = near(box.left + geometry().names, box.right, pointerX);
      const down = near(box.top + grid.head, box.bottom, pointerY);
      if (!across && !down) return;
      grid.scroller.scrollBy({ left: across, top: down, behavior: "instant" });
      over(pointerX, pointerY);
    }, 50);
  };

  board.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest("a[data-moves]");
    if (!bar || !form || event.button !== 0 || carried) return;
    pressed = { bar, id: event.pointerId, x: event.clientX, y: event.clientY, touch: event.pointerType === "touch" };
    if (pressed.touch) pressed.timer = setTimeout(() => lift(event), LONG_PRESS);
  });

  document.addEventListener("pointermove", (event) => {
    if (carried && carried.pointer === event.pointerId) {
      carried.at = [event.clientX, event.clientY];
      over(event.clientX, event.clientY);
    } else if (pressed && pressed.id === event.pointerId && !carried) {
      const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
      if (pressed.touch && far > 10) {
        clearTimeout(pressed.timer);
        pressed = null;
      } else if (!pressed.touch && far > 5) {
        lift(event);
        if (carried) over(event.clientX, event.clientY);
      }
    }
  });

  const release = (event, isDropped) => {
    if (pressed && pressed.id === event.pointerId) {
      clearTimeout(pressed.timer);
      pressed = null;
    }
    if (!carried || carried.pointer !== event.pointerId) return;
    justDropped = Date.now();
    if (isDropped) drop();
    else giveUp();
  };
  document.addEventListener("pointerup", (event) => release(event, true));
  document.addEventListener("pointercancel", (event) => release(event, false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && carried) giveUp();
  });
  // Once it is carried the finger moves the bar, not the page.
  board.addEventListener(
    "touchmove",
    (event) => {
      if (carried && event.cancelable) event.preventDefault();
    },
    { passive: false },
  );
  board.addEventListener("dragstart", (event) => event.preventDefault());
  board.addEventListener("contextmenu", (event) => {
    if (carried || (pressed && pressed.touch)) event.preventDefault();
  });

  board.addEventListener(
    "click",
    (event) => {
      if (Date.now() - justDropped < 400) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const gap = event.target.closest("a.gap");
      if (!gap) return;
      // A click by a key has no place: then it is where the cursor is.
      const isKey = event.detail === 0;
      const isHere = cursor && cursor.row === rowOf(gap);
      const wanted = isKey ? (isHere ? cursor.slot : begin(gap)) : slotAt(event.clientX);
      const slot = Math.max(begin(gap), Math.min(end(gap) - 1, wanted));
      cursor = { row: rowOf(gap), slot };
      const address = new URL(gap.href);
      address.searchParams.set("start", String(grid.first + slot * SLOT));
      gap.dataset.asked = address.pathname + address.search;
    },
    true,
  );

  if (exceed) {
    exceed.addEventListener("submit", (event) => {
      event.preventDefault();
      waiting.data.set("pacing_reason", exceed.elements.pacing_reason.value);
      exceed.hidden = true;
      send(waiting.data, waiting.was);
    });
    exceed.addEventListener("reset", () => {
      exceed.hidden = true;
    });
  }

  board.addEventListener("board:shown", shown);
  setInterval(() => !carried && showNow(), 30_000);
  window.addEventListener("resize", () => showNow());
  shown();
  if (!grid.now.hidden) {
    const passed = parseFloat(grid.now.style.left);
    grid.scroller.scrollLeft = passed - grid.scroller.clientWidth / 3;
  }
})();

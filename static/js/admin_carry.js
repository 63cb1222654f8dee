// Bars of the timeline are carried to another table or time: by mouse or pen, by
// touch after a long press (so that scrolling still works), or by keys. Where
// they are dropped the write rules decide; what they refuse goes back, and the
// reason is shown.
"use strict";
(() => {
  const board = document.getElementById("board");
  const form = document.getElementById("drop");
  const exceed = document.getElementById("exceed");
  if (!form) return;
  const { ARROWS, SLOT, begin, geometry, mark, put, reveal, rowOf, say, slotsTo } = window.timeline;
  const LONG_PRESS = 400;
  const EDGE = 48;
  let carried = null;
  let pressed = null;
  let waiting = null;
  let isDropped = false; // The click that comes with letting go is none.

  const fill = (text, words) => text.replace(/\{(\w+)\}/g, (_all, name) => words[name]);
  const nearest = (numbers, wanted) =>
    numbers.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));

  // --- Carrying ---------------------------------------------------------------

  const pick = (bar, at = begin(bar)) => {
    if ("offlineSince" in document.body.dataset) return say(board.dataset.failed, true);
    exceed.hidden = true;
    const grid = window.timeline.grid();
    const own = begin(bar);
    carried = {
      bar,
      id: bar.dataset.reservation,
      name: bar.querySelector("b").textContent,
      span: Number(bar.dataset.span),
      origin: { row: rowOf(bar), slot: own },
      target: { row: rowOf(bar), slot: own },
      choices: bar.dataset.moves === "all" ? [...new Set([...grid.starts, own])].sort((a, b) => a - b) : [own],
      held: at - own, // Where in the bar it is held, in slots.
      landing: mark("landing"),
      grid,
    };
    window.board.hold();
    bar.classList.add("carried");
    board.classList.add("carrying");
    grid.cursor.hidden = true;
    land();
  };

  const land = () => {
    const { row, slot } = carried.target;
    put(carried.landing, row, slot, carried.span);
    carried.text = fill(board.dataset.target, { table: row.dataset.name, time: carried.grid.clocks[slot] });
    carried.landing.textContent = carried.text;
  };

  const over = (x, y) => {
    const found = document.elementFromPoint(x, y);
    const row = found && found.closest("#board [data-table]");
    if (row) carried.target.row = row;
    carried.target.slot = nearest(carried.choices, slotsTo(x) - carried.held);
    land();
  };

  const lay = () => {
    const was = carried;
    carried = null;
    clearInterval(was.scrolling);
    was.bar.classList.remove("carried");
    board.classList.remove("carrying");
    was.landing.remove();
    return was;
  };

  const giveUp = () => {
    const was = lay();
    isDropped = was.pointer !== undefined;
    say(fill(board.dataset.givenUp, { name: was.name }));
    window.board.release();
  };

  const drop = () => {
    const was = lay();
    const isSame = was.target.row === was.origin.row && was.target.slot === was.origin.slot;
    if (isSame) {
      say(fill(board.dataset.givenUp, { name: was.name }));
      window.board.release();
      return;
    }
    const data = new FormData(form);
    data.set("reservation", was.id);
    data.set("seen", was.bar.dataset.seen);
    data.set("table", was.origin.row.dataset.table);
    data.set("to", was.target.row.dataset.table);
    if (was.target.slot !== was.origin.slot) data.set("start", String(was.grid.first + was.target.slot * SLOT));
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
    await window.board.release({ id: was.id, table: place.row.dataset.table, at: place.slot });
    if (!told) return;
    say(told.text, !told.done);
    waiting = told.exceed ? { data, was } : null;
    exceed.hidden = !waiting;
    if (waiting) exceed.querySelector("input").focus();
  };

  // --- Keys -------------------------------------------------------------------

  const carry = (across, down) => {
    const { target, choices, grid } = carried;
    const at = choices.indexOf(target.slot) + across;
    if (across && choices[at] !== undefined) target.slot = choices[at];
    const row = grid.rows[grid.rows.indexOf(target.row) + down];
    if (down && row) target.row = row;
    land();
    reveal(target.row, target.slot, carried.span);
    say(carried.text);
  };

  // Ahead of the grid's own keys.
  board.addEventListener(
    "keydown",
    (event) => {
      const item = event.target.closest("a[data-at]");
      if (carried) {
        if (ARROWS[event.key]) carry(...ARROWS[event.key]);
        else if (event.key === "Enter" || event.key === " ") drop();
        else if (event.key === "Escape" || event.key === "Tab") giveUp();
      } else if (event.key === " " && item && item.dataset.moves) {
        pick(item);
        if (carried) say(fill(board.dataset.picked, { name: carried.name }));
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  board.addEventListener("focusout", (event) => {
    if (carried && carried.pointer === undefined && event.target === carried.bar) giveUp();
  });

  // --- Mouse, pen and touch ---------------------------------------------------

  const lift = (event) => {
    clearTimeout(pressed.timer);
    const { bar, x } = pressed;
    pressed = null;
    pick(bar, slotsTo(x));
    if (!carried) return;
    carried.pointer = event.pointerId;
    board.setPointerCapture(event.pointerId);
    carried.scrolling = setInterval(() => {
      if (!carried || !carried.at) return;
      const [pointerX, pointerY] = carried.at;
      const { grid } = carried;
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
    isDropped = false;
    const bar = event.target.closest("a[data-moves]");
    if (!bar || event.button !== 0 || carried) return;
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

  const release = (event, isLetGo) => {
    if (pressed && pressed.id === event.pointerId) {
      clearTimeout(pressed.timer);
      pressed = null;
    }
    if (!carried || carried.pointer !== event.pointerId) return;
    isDropped = true;
    if (isLetGo) drop();
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
      if (!isDropped) return;
      isDropped = false;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );

  exceed.addEventListener("submit", (event) => {
    event.preventDefault();
    waiting.data.set("pacing_reason", exceed.elements.pacing_reason.value);
    exceed.hidden = true;
    send(waiting.data, waiting.was);
  });
  exceed.addEventListener("reset", () => {
    exceed.hidden = true;
  });
})();

// The timeline as a grid: one stop for the Tab key, arrow keys from table to table
// and through the times. Gaps are pointed at slot by slot, and a line shows the
// present moment. admin_carry.js moves the bars.
"use strict";
(() => {
  const board = document.getElementById("board");
  const said = document.getElementById("said");
  const SLOT = 900;
  let grid; // The table, its scroller, rows and what its slots are called.
  let cursor = null; // Where the focus is: a row and a slot.

  const say = (text, refused = false) => {
    said.textContent = text;
    said.classList.toggle("refused", refused);
  };
  const rowOf = (item) => item.closest("[data-table]");
  const itemsOf = (row) => Array.from(row.querySelectorAll("a[data-at]"));
  const begin = (item) => Number(item.dataset.at);
  const end = (item) => begin(item) + Number(item.dataset.span);

  // --- Where things are -------------------------------------------------------

  const geometry = () => {
    const table = grid.table.getBoundingClientRect();
    const names = grid.table.querySelector("th").offsetWidth;
    return { left: table.left + names, width: (table.width - names) / grid.slots, names };
  };

  // How many slots a place is from the first one, with its fraction.
  const slotsTo = (x) => {
    const { left, width } = geometry();
    return (x - left) / width;
  };

  const slotAt = (x) => Math.max(0, Math.min(grid.slots - 1, Math.floor(slotsTo(x))));

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

  const focus = (item, slot, isShown = true) => {
    for (const other of grid.table.querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    cursor = { row: rowOf(item), slot: Math.max(begin(item), Math.min(end(item) - 1, slot)) };
    if (document.activeElement !== item) item.focus({ preventScroll: true });
    if (!isShown) return;
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
    const former = grid;
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
    Object.assign(grid, { cursor: mark("cursor"), now: mark("now-line") });
    const items = Array.from(table.querySelectorAll("a[data-at]"));
    for (const item of items) item.tabIndex = -1;
    const known = cursor && grid.rows.find((row) => row.dataset.table === cursor.row.dataset.table);
    // Within a gap the cursor stays at its time when the board is brought up to date.
    if (known) cursor = { row: known, slot: cursor.slot + (former.first - grid.first) / SLOT };
    const stop = (known && itemsOf(known).find((item) => cursor.slot < end(item))) || items[0];
    if (stop) stop.tabIndex = 0;
    showNow();
  };

  // --- Keys and clicks ---------------------------------------------------------

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  board.addEventListener("keydown", (event) => {
    const item = event.target.closest("a[data-at]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) step(item, ...ARROWS[event.key]);
    else if (event.key === "Home") focus(itemsOf(rowOf(item))[0], 0);
    else if (event.key === "End") focus(itemsOf(rowOf(item)).at(-1), grid.slots);
    else return;
    event.preventDefault();
  });
  board.addEventListener("focusin", (event) => {
    const item = event.target.closest("a[data-at]");
    if (!item || board.classList.contains("carrying")) return;
    const isHere = cursor && cursor.row === rowOf(item) && begin(item) <= cursor.slot && cursor.slot < end(item);
    focus(item, isHere ? cursor.slot : begin(item), item.matches(":focus-visible"));
  });
  board.addEventListener("focusout", () => {
    grid.cursor.hidden = true;
  });
  board.addEventListener(
    "click",
    (event) => {
      const gap = event.target.closest("a.gap");
      if (!gap) return;
      // A click by a key has no place: then it is where the cursor is.
      const isKey = event.detail === 0;
      const isHere = cursor && cursor.row === rowOf(gap);
      const wanted = isKey ? (isHere ? cursor.slot : begin(gap)) : slotAt(event.clientX);
      const slot = Math.max(begin(gap), Math.min(end(gap) - 1, wanted));
      cursor = { row: rowOf(gap), slot };
      gap.dataset.slot = String(slot);
      const address = new URL(gap.href);
      address.searchParams.set("start", String(grid.first + slot * SLOT));
      gap.dataset.asked = address.pathname + address.search;
    },
    true,
  );

  window.timeline = { ARROWS, SLOT, begin, end, geometry, itemsOf, mark, put, reveal, rowOf, say, slotsTo, grid: () => grid };
  board.addEventListener("board:shown", shown);
  setInterval(showNow, 30_000);
  window.addEventListener("resize", () => showNow());
  shown();
  if (!grid.now.hidden) {
    const passed = parseFloat(grid.now.style.left);
    grid.scroller.scrollLeft = passed - grid.scroller.clientWidth / 3;
  }
})();

"use strict";
// Puts the lines of a list in order by dragging their handle, or by its arrow keys; the fields keep the places.
(() => {
  const list = document.getElementById("order");
  if (!list) return;
  const said = document.getElementById("said");

  const say = (line) => {
    const lines = [...list.children];
    const text = { name: line.dataset.name, place: lines.indexOf(line) + 1, count: lines.length };
    said.textContent = said.dataset.text.replace(/%\((\w+)\)s/g, (_all, key) => text[key]);
  };
  const number = () => {
    [...list.children].forEach((line, index) => { line.querySelector("input").value = index + 1; });
  };
  const move = (line, before) => {
    if (before === line || before === line.nextElementSibling) return;
    list.insertBefore(line, before);
    number();
    say(line);
  };

  for (const note of document.querySelectorAll(".needs-script")) note.hidden = false;
  for (const note of document.querySelectorAll(".without-script")) note.hidden = true;
  for (const line of list.children) {
    const handle = line.querySelector(".handle");
    const field = line.querySelector("input");
    handle.hidden = false;
    // A typed place moves the line at once, as it would without this script when it is saved.
    field.addEventListener("change", () => {
      const others = [...list.children].filter((other) => other !== line);
      const place = Math.min(Math.max(Math.round(Number(field.value)) || 1, 1), others.length + 1);
      list.insertBefore(line, others[place - 1] || null);
      number();
      say(line);
      field.focus();
    });
    handle.addEventListener("keydown", (event) => {
      const to = {
        ArrowUp: () => line.previousElementSibling || line,
        ArrowDown: () => (line.nextElementSibling ? line.nextElementSibling.nextElementSibling : line),
        Home: () => list.firstElementChild,
        End: () => null,
      }[event.key];
      if (!to) return;
      event.preventDefault();
      move(line, to());
      handle.focus();
      line.scrollIntoView({ block: "nearest" });
    });
    handle.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      line.classList.add("dragged");
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const edge = 60;
      if (event.clientY < edge) window.scrollBy(0, -12);
      if (event.clientY > window.innerHeight - edge) window.scrollBy(0, 12);
      const below = [...list.children].find((other) => {
        const box = other.getBoundingClientRect();
        return other !== line && event.clientY < box.top + box.height / 2;
      });
      // Moving a line in the document takes the pointer from its handle.
      move(line, below || null);
      if (!handle.hasPointerCapture(event.pointerId)) handle.setPointerCapture(event.pointerId);
    });
    const drop = () => line.classList.remove("dragged");
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
  }
})();

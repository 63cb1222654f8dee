// Tables of the floor plan are moved by mouse, pen or touch, or by the arrow
// keys; what is typed in the list moves them too. The list is what is saved.
"use strict";
(() => {
  const form = document.getElementById("places");
  const said = document.getElementById("said");
  if (!form) return;
  const SVG = "http://www.w3.org/2000/svg";
  const LETTER = 8; // Pixels, as in plan_shapes.py.
  const unit = Number(form.dataset.unit);
  const most = { x: Number(form.dataset.across), y: Number(form.dataset.down) };
  let carried = null;

  const inputs = (spot) => {
    const id = spot.dataset.table;
    return { x: form.elements[`${id}-x`], y: form.elements[`${id}-y`], shape: form.elements[`${id}-shape`] };
  };

  const sizeOf = (spot) => {
    const own = inputs(spot).shape.value || spot.dataset.shape;
    const sizes = spot.dataset.sizes.split("|").map((text) => text.split(" "));
    const [shape, width, height] = sizes.find(([name]) => name === own) || sizes[0];
    return { shape, width: Number(width), height: Number(height) };
  };

  const made = (name, attributes) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  const draw = (spot) => {
    const { shape, width, height } = sizeOf(spot);
    const shown =
      shape === "round"
        ? made("circle", { cx: width / 2, cy: width / 2, r: width / 2 })
        : made("rect", { width, height, rx: 6 });
    const name = made("text", { class: "name", x: width / 2, y: height / 2 });
    // As much of it as the table has room for, as the plan itself shows it; the label has all.
    const letters = Array.from(spot.dataset.name);
    const most = Math.floor(width / LETTER);
    name.textContent = letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : spot.dataset.name;
    spot.replaceChildren(shown, name);
    spot.setAttribute("transform", `translate(${spot.dataset.x * unit} ${spot.dataset.y * unit})`);
    spot.setAttribute("aria-label", told(spot));
  };

  const told = (spot) =>
    form.dataset.said
      .replace("{table}", spot.dataset.name)
      .replace("{x}", spot.dataset.x)
      .replace("{y}", spot.dataset.y);

  const move = (spot, x, y) => {
    const room = spot.ownerSVGElement.viewBox.baseVal;
    const { width, height } = sizeOf(spot);
    const within = (wanted, high) => Math.max(0, Math.min(Math.floor(high), Math.round(wanted)));
    spot.dataset.x = within(x, Math.min(most.x, (room.width - width) / unit));
    spot.dataset.y = within(y, Math.min(most.y, (room.height - height) / unit));
    const own = inputs(spot);
    own.x.value = spot.dataset.x;
    own.y.value = spot.dataset.y;
    spot.classList.add("changed");
    draw(spot);
  };

  const grow = (spot) => {
    // Room for more, as far as the plan goes.
    const svg = spot.ownerSVGElement;
    const box = svg.viewBox.baseVal;
    const { width, height } = sizeOf(spot);
    const x = Math.min((most.x + 8) * unit, Math.max(box.width, spot.dataset.x * unit + width + 4 * unit));
    const y = Math.min((most.y + 8) * unit, Math.max(box.height, spot.dataset.y * unit + height + 4 * unit));
    svg.setAttribute("viewBox", `0 0 ${x} ${y}`);
    svg.setAttribute("width", x);
    svg.setAttribute("height", y);
  };

  const at = (svg, event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    return [((event.clientX - box.left) * scale) / unit, ((event.clientY - box.top) * scale) / unit];
  };

  for (const spot of form.querySelectorAll("g.spot")) {
    draw(spot);
    spot.setAttribute("tabindex", "0");
    spot.setAttribute("role", "button");
    spot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x, y] = at(spot.ownerSVGElement, event);
      carried = { spot, id: event.pointerId, x: x - spot.dataset.x, y: y - spot.dataset.y };
      spot.setPointerCapture(event.pointerId);
      spot.classList.add("carried");
      spot.focus({ preventScroll: true });
    });
    spot.addEventListener("pointermove", (event) => {
      if (!carried || carried.id !== event.pointerId) return;
      const [x, y] = at(spot.ownerSVGElement, event);
      move(spot, x - carried.x, y - carried.y);
    });
    const lay = () => {
      if (!carried) return;
      carried = null;
      spot.classList.remove("carried");
      grow(spot);
      said.textContent = told(spot);
    };
    spot.addEventListener("pointerup", lay);
    spot.addEventListener("pointercancel", lay);
    spot.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      move(spot, Number(spot.dataset.x) + step[0], Number(spot.dataset.y) + step[1]);
      grow(spot);
      said.textContent = told(spot);
    });
    for (const [name, input] of Object.entries(inputs(spot))) {
      input.addEventListener("change", () => {
        if (name !== "shape" && input.value !== "") spot.dataset[name] = Number(input.value) || 0;
        spot.classList.add("changed");
        draw(spot);
        grow(spot);
      });
    }
  }
  // A table is carried from where it stands; the rest of the room scrolls.
  form.addEventListener(
    "touchmove",
    (event) => {
      if (carried && event.cancelable) event.preventDefault();
    },
    { passive: false },
  );
  form.addEventListener("submit", () => {
    // What is as it was is not sent: a large house stays within what a form may send.
    for (const spot of form.querySelectorAll("g.spot")) {
      const own = Object.values(inputs(spot));
      const isSame = own.every((input) =>
        input.options
          ? Array.from(input.options).every((option) => option.selected === option.defaultSelected)
          : input.value === input.defaultValue,
      );
      if (isSame) for (const input of own) input.disabled = true;
    }
  });
})();

// Booking on the phone: guests are chosen with the arrows, a typed time picks its button, and keys lead on by themselves.
"use strict";
(() => {
  const form = document.getElementById("phone");
  if (!form) return;
  const field = (name) => form.querySelector(`#id_${name}`);
  const [name, party, date, time] = ["name", "party_size", "date", "time"].map(field);
  const list = document.getElementById("phone-guests");
  const known = document.getElementById("phone-known");
  const times = document.getElementById("phone-times");

  const go = (target) => {
    target.focus();
    target.select();
  };
  const tell = (target) => target.dispatchEvent(new Event("input", { bubbles: true }));
  const type = (target, text) => {
    target.focus();
    target.value = text;
    tell(target);
  };
  const isPlain = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;

  // --- Guests

  const options = () => (list && !list.hidden ? [...list.children] : []);
  const active = () => options().find((option) => option.getAttribute("aria-selected") === "true");
  const mark = (option) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) {
      name.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      name.removeAttribute("aria-activedescendant");
    }
  };
  const open = (isOpen) => {
    if (!list) return;
    list.hidden = !isOpen;
    name.setAttribute("aria-expanded", String(isOpen));
    mark(isOpen ? list.firstElementChild : null);
  };
  const take = (option) => {
    const told = option.dataset;
    name.value = told.name;
    field("phone").value = told.phone;
    field("email").value = told.email;
    if (told.dietary && !field("dietary_needs").value) field("dietary_needs").value = told.dietary;
    if (told.language && field("language").querySelector(`option[value="${CSS.escape(told.language)}"]`)) {
      field("language").value = told.language;
    }
    known.textContent = option.querySelector("small").textContent;
    known.classList.toggle("is-flagged", option.querySelector(".flagged") !== null);
    known.hidden = false;
    open(false);
    go(party);
  };

  if (list) {
    list.addEventListener("htmx:afterSwap", () => open(document.activeElement === name && list.children.length > 0));
    // Before the field loses the focus, which closes the list.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("li");
      if (option) take(option);
    });
    name.addEventListener("blur", () => open(false));
  }
  name.addEventListener("input", () => {
    if (known) known.hidden = true;
  });
  name.addEventListener("keydown", (event) => {
    const shown = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) {
      event.preventDefault();
      mark(shown[(shown.indexOf(active()) + step + shown.length) % shown.length]);
    } else if (event.key === "Escape" && shown.length) {
      event.preventDefault();
      open(false);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active()) take(active());
      else if (name.value.trim()) go(party);
    }
  });

  // --- Party, date and time: a key that can't belong to a field begins the next

  party.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      go(date);
    } else if (isPlain(event) && /\p{L}/u.test(event.key)) {
      event.preventDefault();
      type(date, event.key);
    }
  });
  date.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      go(time);
    } else if (isPlain(event) && /\d/.test(event.key) && /^\p{L}{2,}$/u.test(date.value.trim())) {
      event.preventDefault();
      type(time, event.key);
    }
  });

  const radios = () => [...times.querySelectorAll("input[name=at]")];
  const chosen = () => radios().find((radio) => radio.checked);
  const meant = (typed) => {
    const digits = typed.replace(/\D/g, "");
    if (digits.length < 2) return undefined;
    const all = radios().filter((radio) => !radio.disabled);
    const later = String(Number(digits.padEnd(3, "0").padStart(4, "0")) + 1200);
    return (
      all.find((radio) => radio.dataset.digits.startsWith(digits)) ||
      all.find((radio) => digits.length === 3 && [digits.padStart(4, "0"), later].includes(radio.dataset.digits))
    );
  };
  const pick = (radio) => {
    const before = chosen();
    if (radio === before) return;
    if (before) before.checked = false;
    if (radio) {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };
  time.addEventListener("input", (event) => {
    // The times are as they were: only another choice among them is meant.
    event.stopPropagation();
    const found = meant(time.value);
    pick(found);
    // Why it is refused, if it is.
    if (!found && time.value.replace(/\D/g, "").length > 2) look();
  });
  times.addEventListener("input", (event) => event.stopPropagation());
  times.addEventListener("change", (event) => {
    if (event.target.name !== "at") return;
    if (document.activeElement !== time) time.value = event.target.dataset.clock.slice(0, 5);
    look();
  });
  const look = () => {
    const values = Object.fromEntries(new FormData(form));
    htmx.ajax("POST", times.dataset.picked, { source: times, target: "#phone-picked", values }).catch(() => {
      // A later one took its place.
    });
  };
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === times && time.value) {
      const found = chosen() || meant(time.value);
      if (found && !found.checked) pick(found);
    }
  });
  time.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const exceed = field("exceed_pacing");
    if (chosen() && "pacing" in chosen().dataset && !(exceed && exceed.checked)) {
      // Knowingly: it is ticked and said why.
      event.preventDefault();
      if (exceed) exceed.focus();
    }
  });
  form.addEventListener("submit", () => {
    if (chosen()) time.value = chosen().dataset.clock.slice(0, 5);
  });
})();

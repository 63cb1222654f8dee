// The booking panel: a month beside the times, errors beside their fields, what
// was looked for kept in the address. Without it every link and button of the
// panel leads to a page that shows the same.
"use strict";
(() => {
  const panel = document.getElementById("panel");
  const form = document.getElementById("search");
  const reach = document.querySelector(".reach");
  if (reach && panel && "IntersectionObserver" in window) {
    // Its last line at the edge of the screen is not yet within reach.
    const margins = { rootMargin: "-40% 0px -20% 0px" };
    new IntersectionObserver(([seen]) => { reach.hidden = seen.isIntersecting; }, margins).observe(panel);
  }
  const box = document.getElementById("calendar");
  if (!panel || !form || !box) return;
  const times = document.getElementById("times");
  const said = document.getElementById("said");
  const field = (name) => form.elements.namedItem(name);
  const words = (item) => item.textContent.replace(/\s+/g, " ").trim();
  let wasPressed = false;
  let asked = 0;

  if (!navigator.cookieEnabled) document.getElementById("no-cookies").hidden = false;

  // What was looked for here before the page was loaded again.
  for (const [name, value] of new URLSearchParams(location.search)) {
    const item = ["date", "party", "time", "area", "step_free"].includes(name) && field(name);
    if (!item) continue;
    if (item.type === "checkbox") item.checked = Boolean(value);
    else if (item.tagName !== "SELECT" || [...item.options].some((option) => option.value === value)) item.value = value;
  }

  const query = () => {
    const given = [...new FormData(form)].filter(([, value]) => value);
    return new URLSearchParams(given);
  };

  const mark = () => {
    for (const day of box.querySelectorAll("a[data-date]")) {
      if (day.dataset.date === field("date").value) day.setAttribute("aria-current", "date");
      else day.removeAttribute("aria-current");
    }
  };

  const showMonth = async (month) => {
    const wanted = query();
    for (const name of ["date", "time"]) wanted.delete(name);
    if (month) wanted.set("month", month);
    wanted.set("part", "1");
    wanted.sort();
    const number = ++asked;
    const answer = await fetch(`${box.dataset.url}?${wanted}`).catch(() => null);
    if (!answer || !answer.ok || number !== asked) return false;
    const html = await answer.text();
    if (number !== asked) return false;
    box.innerHTML = html;
    box.dataset.shown = wanted;
    mark();
    return true;
  };

  const follow = () => {
    const month = field("date").value.slice(0, 7);
    const party = new URLSearchParams(box.dataset.shown || "");
    const isSame = ["party", "area", "step_free"].every((name) => (party.get(name) || "") === (query().get(name) || ""));
    const shown = box.querySelector(".month");
    if (isSame && shown && (!month || shown.dataset.month === month)) mark();
    else showMonth(month);
  };

  const clear = () => {
    for (const item of form.querySelectorAll("[aria-invalid]")) {
      item.removeAttribute("aria-invalid");
      item.removeAttribute("aria-describedby");
      item.closest(".field").classList.remove("has-error");
      const list = document.getElementById(`${item.id}_error`);
      if (list) list.remove();
    }
  };

  // The fragment says what is wrong; here it comes to stand beside its field.
  const place = () => {
    clear();
    const wrong = [];
    for (const note of times.querySelectorAll("[data-error-of]")) {
      const item = document.getElementById(note.dataset.errorOf);
      if (!item) continue;
      const list = document.createElement("ul");
      list.className = "errorlist";
      list.id = `${item.id}_error`;
      list.append(document.createElement("li"));
      list.firstChild.textContent = words(note.querySelector("span"));
      item.before(list);
      item.setAttribute("aria-invalid", "true");
      item.setAttribute("aria-describedby", list.id);
      item.closest(".field").classList.add("has-error");
      wrong.push([item, words(note)]);
      note.remove();
    }
    return wrong;
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.matches(".way")) {
      // The waitlist, in place of the button that led to it.
      const first = event.detail.target.querySelector("select, input:not([type=hidden], [tabindex])");
      if (first) first.focus();
    }
    if (event.detail.target !== times) return;
    const wrong = place();
    const head = document.getElementById("times-head");
    const how = event.detail.requestConfig.triggeringEvent;
    if (wrong.length) {
      said.textContent = wrong.map(([, text]) => text).join(" ");
      if (how && how.type === "submit") wrong[0][0].focus();
    } else if (head) {
      said.textContent = words(head);
      if (wasPressed) head.focus();
      history.replaceState(history.state, "", `?${query()}${location.hash}`);
      follow();
    }
    wasPressed = false;
  });

  panel.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-date], a[data-month]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.dataset.date) {
      wasPressed = true;
      field("date").value = link.dataset.date;
      mark();
      form.requestSubmit();
      return;
    }
    if (!(await showMonth(link.dataset.month))) {
      location.assign(link.href);
      return;
    }
    said.textContent = words(document.getElementById("month"));
    const again = box.querySelector(`a[rel="${link.rel}"]`) || box.querySelector("a");
    if (again) again.focus();
  });

  // Arrows go from day to day, and a week up or down, over those that have no room.
  box.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    const from = event.target.closest("a[data-date]");
    if (!by || !from) return;
    const days = new Map([...box.querySelectorAll("a[data-date]")].map((day) => [day.dataset.date, day]));
    const date = new Date(`${from.dataset.date}T00:00Z`);
    for (let step = 0; step < 31; step += 1) {
      date.setUTCDate(date.getUTCDate() + by);
      const day = days.get(date.toISOString().slice(0, 10));
      if (day) {
        event.preventDefault();
        day.focus();
        return;
      }
    }
  });

  // A page that comes back as it was left may show times that are gone.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    delete box.dataset.shown;
    form.requestSubmit();
  });

  if (box.querySelector(".month")) box.dataset.shown = query();
  // The page of a time that was taken meanwhile comes with its times alone.
  else if (document.getElementById("times-head")) follow();
})();

// The day sheet: narrows what is shown while somebody types, keeps the place
// after a touch, and asks for a note in a dialog. Without it every form and
// link of the page does the same by loading it anew.
"use strict";
(() => {
  const narrow = document.getElementById("narrow");
  const shown = document.getElementById("shown");
  const print = document.getElementById("print");
  const dialog = document.getElementById("note");
  const sheet = () => document.getElementById("sheet");
  let touched = "";
  let focused = "";
  // What was touched stays in sight, with its undo, until the sheet is narrowed anew.
  const kept = new Set();

  const apply = () => {
    const words = narrow.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["status", "area", "service"].map((name) => [name, narrow.elements[name].value]);
    let count = 0;
    for (const row of document.querySelectorAll("#sheet tr[data-status]")) {
      const fits =
        kept.has(row.id) ||
        (wanted.every(([name, value]) => !value || row.dataset[name] === value) &&
          words.every((word) => row.dataset.text.includes(word)));
      row.hidden = !fits;
      count += fits;
    }
    for (const section of document.querySelectorAll("#sheet section.service")) {
      section.hidden = !section.querySelector("tr[data-status]:not([hidden])");
    }
    shown.textContent = shown.dataset.text.replace("#", count);
  };

  const remember = () => {
    const query = new URLSearchParams(new FormData(narrow));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  };

  const renarrow = () => {
    kept.clear();
    apply();
    remember();
  };

  narrow.addEventListener("input", renarrow);
  narrow.addEventListener("submit", (event) => {
    event.preventDefault();
    renarrow();
  });
  narrow.querySelector("button[type=submit]").hidden = true;

  const touch = (row) => {
    touched = row.id;
    kept.add(row.id);
  };

  // Which row was touched, so that the keyboard goes on from there.
  document.addEventListener(
    "click",
    (event) => {
      const row = event.target.closest("#sheet tr[data-status]");
      if (row && event.target.closest("button")) touch(row);
    },
    true,
  );

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "sheet") apply();
  });

  // Not sooner: until then a press would be a form of the plain page.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "sheet") return;
    if (touched && event.detail.requestConfig.verb === "post") {
      const row = document.getElementById(touched);
      touched = "";
      if (row) (row.querySelector("button.undo") || row.querySelector("button") || row).focus();
      return;
    }
    // htmx gives the same button the focus; where another's touch took that away, its row has it.
    const row = document.activeElement === document.body && document.getElementById(focused);
    if (row) row.focus();
  });

  // A page that is not the sheet, such as the one to sign in, is gone to, not put into the sheet.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "sheet") return;
    if (event.detail.xhr.getResponseHeader("X-Part") === "sheet") {
      const item = document.activeElement;
      const row = item && item.closest("#sheet tr[data-status]");
      focused = row ? row.id : "";
      // One that was narrowed away a moment ago may have it still.
      if (row && !row.hidden) kept.add(row.id);
      return;
    }
    event.detail.shouldSwap = false;
    if (event.detail.xhr.status < 400) location.assign(event.detail.xhr.responseURL || location.href);
    else for (const note of document.querySelectorAll("[data-refused-note]")) note.hidden = false;
  });

  if (dialog) {
    const form = dialog.querySelector("form");
    document.addEventListener("click", (event) => {
      const link = event.target.closest('#sheet a[href*="/note/"]');
      if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.button) return;
      event.preventDefault();
      const row = link.closest("tr");
      touch(row);
      const address = link.getAttribute("href").split("?")[0];
      form.setAttribute("action", address);
      form.querySelector("button[type=submit]").setAttribute("formaction", address);
      document.getElementById("note-who").textContent = row.querySelector(".who a").textContent;
      form.elements.text.value = "";
      dialog.showModal();
      form.elements.text.focus();
    });
    form.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.successful) dialog.close();
    });
    document.getElementById("note-close").addEventListener("click", () => dialog.close());
  }

  print.hidden = false;
  print.addEventListener("click", () => window.print());

  apply();
  if (location.hash) {
    const row = document.getElementById(location.hash.slice(1));
    if (row) row.focus();
  }
  // The address was narrowed on the server: here is all of it, to be narrowed further and back.
  // Not sooner: htmx, which is to hear it, begins then.
  document.addEventListener("DOMContentLoaded", () => {
    if (sheet().hasAttribute("data-narrowed")) sheet().dispatchEvent(new CustomEvent("pulse:changed"));
  });
})();

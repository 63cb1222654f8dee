"use strict";
// Search as you type over the dishes that are on the page, and say so when a touch was not saved.
(() => {
  const field = document.querySelector("[data-filters]");
  const none = document.getElementById("none");
  const lost = document.getElementById("lost");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const filter = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const group of document.querySelectorAll(".dish-group")) {
      let here = 0;
      for (const row of group.querySelectorAll(".dish-row")) {
        const text = plain(row.dataset.text);
        row.hidden = !words.every((word) => text.includes(word));
        here += !row.hidden;
      }
      group.hidden = !here;
      shown += here;
    }
    none.hidden = shown > 0;
  };
  field.addEventListener("input", filter);

  // What answers is the page itself, or else the login page, at another address.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const detail = event.detail;
    const wanted = detail.pathInfo.requestPath.split("?")[0];
    const came = new URL(detail.xhr.responseURL || location.href).pathname;
    const failed = detail.xhr.status !== 200 || !came.endsWith(new URL(wanted, location.href).pathname);
    if (failed) detail.shouldSwap = false;
    lost.hidden = !failed;
  });
  document.body.addEventListener("htmx:sendError", () => { lost.hidden = false; });
})();

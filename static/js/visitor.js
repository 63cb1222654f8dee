// Public pages are the same for everyone. What is this browser's own is fetched
// afterwards, and only where a cookie says that there is something.
"use strict";
(() => {
  const place = document.getElementById("visitor");
  if (!place || !/(?:^|; )(?:__Host-)?visitor=1(?:;|$)/.test(document.cookie)) return;
  fetch(place.dataset.url, { credentials: "same-origin" })
    .then((answer) => (answer.status === 200 ? answer.text() : ""))
    .then((html) => {
      place.innerHTML = html;
      place.hidden = !html;
    })
    .catch(() => {});
})();

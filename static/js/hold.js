// Counts the hold down, and says so at moments that matter. Without it the page
// says until when the table is held, and nothing else is missing.
"use strict";
(() => {
  const box = document.querySelector("[data-hold]");
  const problems = document.getElementById("problems") || document.getElementById("suspected");
  if (problems) problems.focus();
  if (!box) return;
  const shown = box.querySelector("[data-countdown]");
  const spoken = box.querySelector("[data-announce]");
  // The browser's clock may be wrong: only the time since the page came counts.
  // Date, not performance.now(), goes on while a phone sleeps.
  const end = Date.now() + Number(box.dataset.seconds) * 1000;
  const announceAt = new Set([300, 120, 60]);
  shown.hidden = false;
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    shown.textContent = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(left % 60)}`;
    if (announceAt.delete(left)) {
      spoken.textContent = left === 60 ? spoken.dataset.minute : `${left / 60} ${spoken.dataset.minutes}`;
    }
    if (left === 0) {
      spoken.textContent = spoken.dataset.over;
      spoken.classList.remove("vh");
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
})();

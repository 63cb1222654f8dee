// Counts the hold down, and says so at moments that matter. Without it the page
// says until when the table is held, and nothing else is missing.
"use strict";
(() => {
  const box = document.querySelector("[data-hold]");
  if (!box) return;
  const shown = box.querySelector("[data-countdown]");
  const spoken = box.querySelector("[data-announce]");
  const told = box.querySelector("[data-told]");
  const again = box.querySelector("[data-again]");
  // The browser's clock may be wrong: only the time since the answer came counts.
  // Date, not performance.now(), goes on while a phone sleeps.
  const answered = () => {
    const [way] = performance.getEntriesByType("navigation");
    const moment = way ? performance.timeOrigin + way.responseStart : 0;
    return Math.abs(Date.now() - moment) < 120000 ? moment : Date.now();
  };
  let end = answered() + Number(box.dataset.seconds) * 1000;
  let timer = 0;
  let last = 0;
  let checked = 0;

  const left = () => Math.max(0, Math.round((end - Date.now()) / 1000));
  const level = (seconds) => [0, 30, 60, 120].filter((limit) => seconds > limit).length;

  const say = (seconds) => {
    const { minutes, minute, half, over } = spoken.dataset;
    spoken.textContent = [over, half, minute][level(seconds)] || `${Math.ceil(seconds / 60)} ${minutes}`;
  };

  const show = (isOver) => {
    spoken.classList.toggle("vh", !isOver);
    shown.hidden = isOver;
    box.toggleAttribute("data-over", isOver);
    if (told) told.hidden = isOver;
    if (again) again.hidden = !isOver;
    for (const more of box.querySelectorAll("[data-more]")) more.hidden = isOver;
  };

  const tick = () => {
    const seconds = left();
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    shown.textContent = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
    if (level(seconds) < last) {
      // Timers sleep with the phone: what was passed over is said once, as it is now.
      last = level(seconds);
      if (seconds) say(seconds);
      else stop();
    }
  };

  const stop = async () => {
    clearInterval(timer);
    // Perhaps another tab has extended it.
    await check();
    if (left()) return;
    say(0);
    show(true);
    if ("reload" in box.dataset) renew();
  };

  // What was offered is not to be had any more: the page says what became of it. In a moment, when that is
  // over by the server's clock, too; and where the server does not answer, this page is better than none.
  const renew = async () => {
    await new Promise((done) => setTimeout(done, 2000));
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (answer && answer.ok) location.replace(location.href);
  };

  const start = () => {
    clearInterval(timer);
    last = level(left()) || 1;
    show(false);
    timer = setInterval(tick, 1000);
    tick();
  };

  // What the server says counts: the device's clock may have been set meanwhile,
  // and the hold may have been extended or confirmed in another tab.
  const check = async () => {
    checked = Date.now();
    if (!box.dataset.left) return;
    const answer = await fetch(box.dataset.left, { cache: "no-store" }).catch(() => null);
    if (!answer || !answer.ok) return;
    const { state, seconds } = await answer.json();
    if (state === "done") location.reload();
    const was = left();
    end = Date.now() + seconds * 1000;
    if (seconds && !was) start();
  };

  const wake = async () => {
    if (document.hidden || Date.now() - checked < 3000) return;
    tick();
    const before = left();
    await check();
    tick();
    if (left() && before) say(left());
  };

  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  start();
  // A live region that is filled before it is known says nothing.
  setTimeout(() => { if (left() && told) spoken.textContent = told.textContent.replace(/\s+/g, " ").trim(); }, 1000);
})();

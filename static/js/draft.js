// What is typed into a form marked with data-draft outlives a lost session and a wrong link:
// it is kept in this tab, under the form's address, until another page says that it was saved.
(() => {
  const PREFIX = "draft:";
  // The same page in another language is the same form.
  const place = (path) => PREFIX + path.replace(`/${document.documentElement.lang}/`, "/");
  const own = place(location.pathname);
  const form = document.querySelector("form[data-draft]");
  const store = window.sessionStorage;

  const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "submit", "button", "password", "file"].includes(field.type));
  const read = () => fields().map((field) => [field.name, field.value, ["checkbox", "radio"].includes(field.type) ? field.checked : null]);
  const apply = (kept) => {
    for (const field of fields()) {
      const ticks = ["checkbox", "radio"].includes(field.type);
      const found = kept.find(([name, value]) => name === field.name && (!ticks || value === field.value));
      if (!found) continue;
      if (ticks) field.checked = found[2];
      else field.value = found[1];
    }
  };

  const sent = store.getItem("draft-sent");
  if (sent && sent !== own) store.removeItem(sent);
  if (sent) store.removeItem("draft-sent");
  // What stands on this page was saved: nothing of it is kept here.
  const done = document.querySelector("[data-draft-done]");
  if (done) Object.keys(store).filter((key) => key.startsWith(place(done.dataset.draftDone))).forEach((key) => store.removeItem(key));
  if (!form) return;
  if (sent === own && document.querySelector(".messagelist .success")) store.removeItem(own);

  const before = read();
  let kept = null;
  try {
    kept = JSON.parse(store.getItem(own));
  } catch {
    store.removeItem(own);
  }
  if (Array.isArray(kept) && !form.hasAttribute("data-bound") && JSON.stringify(kept) !== JSON.stringify(before)) {
    apply(kept);
    const note = document.createElement("p");
    note.className = "kept-note";
    note.setAttribute("role", "status");
    note.textContent = form.dataset.kept;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "button";
    drop.textContent = form.dataset.drop;
    drop.addEventListener("click", () => {
      apply(before);
      store.removeItem(own);
      note.remove();
    });
    note.append(drop);
    form.prepend(note);
  }
  form.addEventListener("input", () => store.setItem(own, JSON.stringify(read())));
  let isSent = false;
  form.addEventListener("submit", (event) => {
    // A double click sends the form once.
    if (isSent) event.preventDefault();
    isSent = true;
    store.setItem("draft-sent", own);
  });
  const again = () => { isSent = false; };
  window.addEventListener("pageshow", again);
  // Whoever stops a page that is slow to come stays on this one, and may send it again.
  if (window.navigation) navigation.addEventListener("navigate", (event) => event.signal.addEventListener("abort", again));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") again(); });
})();

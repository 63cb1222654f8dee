// Shows only the dishes that suit every diet that is chosen. Without this script all dishes are shown, with their marks.
const group = document.querySelector(".diets");
if (group) {
  const chosen = group.querySelectorAll("button");
  const said = group.querySelector("[aria-live]");
  const dishes = [...document.querySelectorAll(".dish")];
  const suits = (dish, diets) => diets.every((diet) => (dish.dataset.diets || "").split(" ").includes(diet));
  const show = () => {
    const diets = [...chosen].filter((button) => button.ariaPressed === "true").map((button) => button.value);
    const shown = dishes.filter((dish) => { dish.hidden = !suits(dish, diets); return !dish.hidden; });
    for (const section of document.querySelectorAll(".menu-section")) {
      section.hidden = !section.querySelector(".dish:not([hidden])");
      const link = document.querySelector(`.sections a[href="#${section.id}"]`);
      if (link) link.hidden = section.hidden;
    }
    said.textContent = diets.length ? `${group.dataset.some} ${shown.length} / ${dishes.length}` : group.dataset.all;
  };
  for (const button of chosen) {
    button.addEventListener("click", () => { button.ariaPressed = button.ariaPressed === "true" ? "false" : "true"; show(); });
  }
  group.hidden = false;
}

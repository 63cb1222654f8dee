// The browser's picker of colours beside the field of a restaurant's accent. The field is what is sent.
for (const field of document.querySelectorAll("input[data-accent]")) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.setAttribute("aria-labelledby", field.labels[0] ? (field.labels[0].id ||= `${field.id}_label`) : "");
  const follow = () => {
    if (/^#?[0-9a-f]{6}$/i.test(field.value.trim())) picker.value = `#${field.value.trim().replace("#", "").toLowerCase()}`;
  };
  picker.addEventListener("input", () => { field.value = picker.value; });
  field.addEventListener("input", follow);
  picker.value = field.placeholder;
  follow();
  picker.className = "accent-picker";
  field.after(" ", picker);
}

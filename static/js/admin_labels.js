// Names for the fields that Django's admin shows without one: the cells of inlines, the search of lists, select2's boxes.
"use strict";
(() => {
    const name = (element, text) => {
        if (element && text && !element.labels?.length && !element.getAttribute("aria-label")) {
            element.setAttribute("aria-label", text.trim());
        }
    };
    const label = (root) => {
        for (const cell of root.querySelectorAll(".inline-group .tabular td")) {
            const heads = cell.closest("table").querySelectorAll("thead th");
            const head = [...heads].find((one) => cell.className.split(" ").some((part) => part.startsWith("field-") && one.classList.contains(part.replace("field-", "column-"))));
            const text = head ? head.textContent : cell.classList.contains("delete") ? heads[heads.length - 1]?.textContent : "";
            for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
                name(field, text);
            }
        }
        const search = root.querySelector("#searchbar");
        search?.setAttribute("aria-label", root.querySelector("#changelist-search input[type=submit]")?.value || search.name);
        for (const box of root.querySelectorAll("select.admin-autocomplete")) {
            const shown = box.parentElement.querySelectorAll(".select2-selection, .select2-selection__rendered");
            const text = box.labels?.[0]?.textContent || box.getAttribute("aria-label") || box.closest("details")?.querySelector("summary")?.textContent;
            for (const part of text ? shown : []) {
                part.removeAttribute("aria-labelledby");
                part.setAttribute("aria-label", text.trim());
            }
        }
    };
    const all = () => label(document);
    window.addEventListener("load", () => setTimeout(all, 0));
    document.addEventListener("formset:added", all);
})();

// Sort a table by a column; rows without a number stay last.
for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement, table = head.closest("table"), at = head.cellIndex;
    const other = { ascending: "descending", descending: "ascending" };
    const way = other[head.getAttribute("aria-sort")] ?? head.dataset.first ?? "ascending", sign = way === "ascending" ? 1 : -1;
    for (const cell of head.parentElement.cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const numeric = "first" in head.dataset;
    const value = (row) => (numeric ? Number(row.cells[at].dataset.v ?? NaN) : row.cells[at].textContent.trim());
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!numeric) return sign * x.localeCompare(y);
      return Number.isNaN(x) - Number.isNaN(y) || sign * (x - y) || 0;
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  });
}

// Highlight all elements of the predictor under the pointer or the focus; a click keeps them highlighted until the next.
let kept = null, lit = null;
const light = (name) => {
  if (name === lit) return;
  for (const element of document.querySelectorAll("[data-p].on")) element.classList.remove("on");
  if (name) for (const element of document.querySelectorAll(`[data-p="${CSS.escape(name)}"]`)) element.classList.add("on");
  document.body.classList.toggle("lit", Boolean(name));
  lit = name;
};
const under = (event) => event.target.closest?.("[data-p]")?.dataset.p ?? null;
document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && light(under(event) ?? kept));
document.addEventListener("focusin", (event) => light(under(event) ?? kept));
document.addEventListener("click", (event) => {
  if (event.target.closest("button, input, label, summary")) return;
  kept = under(event) === kept ? null : under(event);
  light(kept);
});

// A question or an attribute shows the box for its choices only where something is chosen from; a hidden box is not sent.
// Without this script all boxes show, and the server says what does not fit.
(() => {
  const isWide = window.matchMedia("(min-width: 48rem)");

  const fit = (kind) => {
    const group = kind.closest(".form-group");
    const box = group?.querySelector("[data-choices]");
    if (!box) return;
    const chooses = kind.dataset.choosing.split(" ").includes(kind.value);
    box.disabled = !chooses;
    const cell = box.closest("td");
    if (cell && isWide.matches) box.style.visibility = chooses ? "" : "hidden";  // the columns of a table stay
    else (cell ?? box.closest(".field-row") ?? box).style.display = chooses ? "" : "none";
  };

  const fitAll = (where) => where.querySelectorAll("[data-choosing]").forEach(fit);

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-choosing]")) fit(event.target);
  });
  document.addEventListener("formset:added", (event) => fitAll(event.target.closest(".form-group") ?? event.target));
  fitAll(document);
})();

// Conditions of an earning rule offer only what makes sense for their subject. Without this script all choices show,
// and the server says what does not fit.
(() => {
  const guide = JSON.parse(document.getElementById("condition-guide")?.textContent ?? "{}");

  const part = (row, name) => row.querySelector(`[data-condition="${name}"]`);

  const fit = (row) => {
    const about = guide[part(row, "subject")?.value];
    const operator = part(row, "operator");
    if (!about || !operator) return;
    for (const option of operator.options) {
      option.hidden = option.disabled = Boolean(option.value) && !about.operators.includes(option.value);
    }
    if (operator.selectedOptions[0]?.disabled) operator.value = about.operators[0];
    const name = part(row, "name");
    name.closest("td, .field-line")?.style.setProperty("visibility", about.named ? "visible" : "hidden");
    if (!about.named) name.value = "";
    part(row, "value").placeholder = about.hint;
  };

  const rows = () => new Set([...document.querySelectorAll('[data-condition="subject"]')].map((each) => each.closest("tr, .form-row, tbody")));

  document.addEventListener("change", (event) => {
    if (event.target.matches?.('[data-condition="subject"]')) fit(event.target.closest("tr, .form-row, tbody"));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-another]");
    if (!button) return;
    const hidden = button.closest("form").querySelectorAll("[data-more][hidden]");
    hidden[0]?.removeAttribute("hidden");
    if (hidden.length < 2) button.hidden = true;
  });
  document.addEventListener("formset:added", (event) => fit(event.target));
  rows().forEach(fit);
})();

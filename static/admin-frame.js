/* The frame of the back office. Its own script takes a window of exactly 1280 pixels, a common desktop, for a tablet and
   hides the sidebar there, while its styles already make room for it. Here both change at the same width. */
(() => {
  const desktop = window.matchMedia("(min-width: 80rem)");
  const isOpen = () => desktop.matches && localStorage.getItem("sidebarOpen") !== "0";

  document.addEventListener("alpine:init", () => {
    const theirs = window.theme;
    window.theme = (...args) => {
      const frame = theirs(...args);
      frame.sidebarOpen = isOpen();
      frame.sidebarToggle = function () {
        this.sidebarOpen = !this.sidebarOpen;
        if (desktop.matches) localStorage.setItem("sidebarOpen", this.sidebarOpen ? "1" : "0");
      };
      frame.themeBindings["x-resize.window"] = function () {
        this.sidebarOpen = isOpen();
      };
      return frame;
    };
  });
})();

/* On a phone the rows of a form's table stand as blocks: each cell is named after the head of its column. */
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll('[data-inline-type="tabular"] table')) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.querySelector("span span")?.firstChild?.textContent.trim() ?? "");
    for (const row of table.querySelectorAll("tr.form-row")) {
      row.querySelectorAll(":scope > .field-tabular").forEach((cell, place) => (cell.dataset.label = heads[place] ?? ""));
    }
  }
});

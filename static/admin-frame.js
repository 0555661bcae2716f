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

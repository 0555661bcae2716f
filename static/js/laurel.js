"use strict";
/* Small comforts; every page works without them. */

const sheet = document.getElementById("sheet");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "sheet-body" && !sheet.open) sheet.showModal();
});

/* A request that failed says so, where screen readers hear it. */
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    document.getElementById("toasts").replaceChildren(document.getElementById("trouble").content.cloneNode(true));
  });
}

document.addEventListener("click", (event) => {
  if (event.target === sheet) sheet.close();
  const close = event.target.closest("[data-close]");
  if (close) close.closest("[data-toast]").remove();
});

/* A choice that applies itself needs no button. */
for (const select of document.querySelectorAll("[data-apply]")) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

/* A toast that only confirms goes by itself, unless someone is reading it. */
for (const toast of document.querySelectorAll("[data-toast]")) {
  toast.querySelector("[data-close]").hidden = false;
  if (toast.dataset.toast === "stay") continue;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, 8000);
}

/* The page that showed an error takes the focus there, so that it is read out. */
document.querySelector("[role=alert]")?.focus();

/* The card stays lit while the till scans it. */
if (document.querySelector("[data-awake]") && navigator.wakeLock) {
  const stayAwake = () => document.visibilityState === "visible" && navigator.wakeLock.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
}

/* The phone's own sheet for sharing, where there is one; it says for the member that they shared. */
const share = document.querySelector("[data-share]");
if (share && navigator.share) {
  share.hidden = false;
  share.addEventListener("click", async () => {
    const { title, text, url } = share.dataset;
    try {
      await navigator.share({ title, text, url });
      document.querySelector("[data-shared]")?.requestSubmit();
    } catch {
      /* closed without sharing: nothing happened */
    }
  });
}

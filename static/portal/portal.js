/* Behaviours of every page. Nothing here is needed to read or to send a form. */
(function () {
  "use strict";
  const doc = document;

  // "/" goes to the search field, unless someone is typing.
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = doc.querySelector("[data-search]");
    if (field && field.offsetParent) {
      event.preventDefault();
      field.focus();
    }
  });

  // Menus close on a click elsewhere and on Escape, which gives the focus back to their button.
  function closeMenus(except) {
    doc.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }
  doc.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details[data-menu]"));
  });
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = doc.querySelector("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (location.hash === "#nav") {
      location.hash = "#content";
    }
  });

  // On a phone parts that can be folded show their heading only, but for the one that the address names. Without scripts all are open.
  if (matchMedia("(max-width: 991.98px)").matches) {
    doc.querySelectorAll("details[data-fold]").forEach(function (part) {
      part.open = "#" + part.id === location.hash;
    });
  }
  addEventListener("hashchange", function () {
    const part = location.hash.length > 1 && doc.getElementById(location.hash.slice(1));
    const folded = part && part.closest("details[data-fold]:not([open])");
    if (folded) {
      folded.open = true;
      part.scrollIntoView();
    }
  });

  // Dialogs: data-opens names one; closing returns the focus to what opened it.
  doc.addEventListener("click", function (event) {
    const opener = event.target.closest("[data-opens]");
    if (!opener) return;
    const dialog = doc.getElementById(opener.dataset.opens);
    if (!dialog || !dialog.showModal) return;
    event.preventDefault();
    dialog.addEventListener("close", function () { opener.focus(); }, { once: true });
    dialog.showModal();
  });

  // A filter form sends itself when a choice changes; its button stays for those without JavaScript.
  doc.addEventListener("change", function (event) {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) form.requestSubmit();
  });
  // Empty filters stay out of the address, so that links to a view are short.
  doc.addEventListener("formdata", function (event) {
    if (!event.target.matches("form[data-autosubmit]")) return;
    Array.from(event.formData.entries()).forEach(function (entry) {
      if (entry[1] === "") event.formData.delete(entry[0]);
    });
  });

  // Tick all rows, and say how many are ticked.
  doc.addEventListener("change", function (event) {
    const box = event.target;
    if (!box.matches("[data-pick-all], [data-pick]")) return;
    const form = box.closest("[data-picks]") || doc;
    const rows = Array.from(form.querySelectorAll("[data-pick]:not(:disabled)"));
    if (box.matches("[data-pick-all]")) rows.forEach(function (row) { row.checked = box.checked; });
    const count = rows.filter(function (row) { return row.checked; }).length;
    form.querySelectorAll("[data-picked]").forEach(function (place) { place.textContent = String(count); });
    form.querySelectorAll("[data-needs-pick]").forEach(function (button) { button.disabled = count === 0; });
  });

  // Copy what the button names, and say so.
  doc.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    const text = button.dataset.copy || location.href;
    navigator.clipboard.writeText(text).then(function () { say(button.dataset.copied || ""); });
  });

  // The page on paper, or as a PDF by the browser's own dialog.
  doc.addEventListener("click", function (event) {
    if (event.target.closest("[data-prints]")) window.print();
  });

  // One live region, for "saved" and "failed" only.
  function say(words) {
    const place = doc.getElementById("said");
    if (!place) return;
    place.textContent = "";
    setTimeout(function () { place.textContent = words; }, 50);
  }
  window.portal = { say: say };

  doc.addEventListener("htmx:responseError", function (event) {
    // Not signed in any more: what somebody pressed leads there by its own address; a part that the page asks for stays as it is.
    if (event.detail.xhr.status === 401) {
      const asked = event.detail.requestConfig.triggeringEvent;
      if (asked && asked.type === "click" && event.detail.elt.href) location.assign(event.detail.elt.href);
      return;
    }
    const words = doc.body.dataset.failed;
    if (words) say(words + " (" + event.detail.xhr.status + ")");
  });
  doc.addEventListener("htmx:sendError", function () {
    const words = doc.body.dataset.failed;
    if (words) say(words);
  });

  // After a refused form the summary of what is wrong is read first.
  doc.addEventListener("DOMContentLoaded", focusFirst);
  doc.addEventListener("htmx:afterSettle", focusFirst);
  function focusFirst() {
    const place = doc.querySelector("[data-first-focus]");
    if (place) {
      place.focus();
      place.removeAttribute("data-first-focus");
    }
  }
})();

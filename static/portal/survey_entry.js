/* Entry of a survey: a digit chooses that answer of the item in focus and goes to the next item. Without it the form works as it is. */
(function () {
  "use strict";
  const form = document.querySelector("[data-survey-entry]");
  if (!form) return;
  const items = Array.from(form.querySelectorAll("fieldset.sv-item"));
  const choicesOf = function (item) { return Array.from(item.querySelectorAll("input[type=radio]")); };

  form.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key) || event.target.type !== "radio") return;
    const item = event.target.closest("fieldset.sv-item");
    const choice = choicesOf(item)[Number(event.key) - 1];
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    const note = item.querySelector("textarea");
    const next = items[items.indexOf(item) + 1];
    if (note) note.focus();
    else if (next) (choicesOf(next).find(function (one) { return one.checked; }) || choicesOf(next)[0]).focus();
    else form.querySelector("button[type=submit]").focus();
  });
  const first = items.length ? choicesOf(items[0])[0] : null;
  if (first && !form.querySelector(".sv-who") && matchMedia("(min-width: 992px)").matches) first.focus();
}());

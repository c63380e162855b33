/* The activity form: buttons beside the numbers, and what is not broken down. The form works without it. */
(function () {
  "use strict";
  const form = document.querySelector("[data-activity]");
  if (!form) return;
  const total = form.querySelector("[name=people_present]");
  const rest = form.querySelector("[data-rest]");

  form.querySelectorAll("[data-step]").forEach(function (box) {
    const field = box.querySelector("input");
    const name = field.labels.length ? field.labels[0].textContent.trim() : field.name;
    function button(by, sign) {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = sign;
      made.setAttribute("aria-label", sign + " 1: " + name);
      made.tabIndex = -1;
      made.addEventListener("click", function () {
        field.value = String(Math.max(0, (parseInt(field.value, 10) || 0) + by));
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return made;
    }
    box.prepend(button(-1, "−"));
    box.append(button(1, "+"));
  });

  function tell() {
    if (!rest) return;
    let cells = 0;
    let filled = false;
    form.querySelectorAll("[data-cell] input").forEach(function (field) {
      if (field.value === "") return;
      filled = true;
      cells += parseInt(field.value, 10) || 0;
    });
    const left = (parseInt(total.value, 10) || 0) - cells;
    rest.textContent = !filled || left === 0 ? "" : Math.abs(left) + " " + (left > 0 ? rest.dataset.words : rest.dataset.over);
  }
  form.addEventListener("input", tell);
  tell();

  // Whoever fills in the other day means it.
  const other = form.querySelector("[name=happened_on]");
  other.addEventListener("input", function () {
    const radio = form.querySelector("[name=day][value=other]");
    if (radio && other.value) radio.checked = true;
  });
})();

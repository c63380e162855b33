/* Entry: keys and paste as in a spreadsheet, saving by itself, keeping what could not be sent. The form works without it. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-entry]");
  if (!form) return;
  const key = form.dataset.key;
  const saved = form.querySelector("[data-saved]");
  const versionField = form.elements.version;
  const dialog = document.getElementById("both-versions");
  let changed = new Set();
  let timer = null;
  let sending = false;

  // Keys: arrows and Enter move through the sheet; Enter never sends the form.
  function inputs(row) {
    return Array.from(row.querySelectorAll("input[data-cell], input[data-total]"));
  }
  function move(from, rows, columns) {
    const row = from.closest("tr");
    const place = inputs(row).indexOf(from);
    if (columns) {
      const next = inputs(row)[place + columns];
      if (next) { next.focus(); next.select(); }
      return;
    }
    const every = Array.from(form.querySelectorAll("tr[data-row]"));
    const below = every[every.indexOf(row) + rows];
    if (!below) return;
    const list = inputs(below);
    const next = list[Math.min(place, list.length - 1)];
    if (next) { next.focus(); next.select(); }
  }
  form.addEventListener("keydown", function (event) {
    const field = event.target;
    if (!field.matches("input[data-cell], input[data-total]")) return;
    const start = field.selectionStart === 0, end = field.selectionEnd === field.value.length;
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    if (event.key === "Enter") { event.preventDefault(); move(field, event.shiftKey ? -1 : 1, 0); }
    else if (event.key === "ArrowDown") { event.preventDefault(); move(field, 1, 0); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(field, -1, 0); }
    else if (event.key === "ArrowLeft" && start) { event.preventDefault(); move(field, 0, -rtl); }
    else if (event.key === "ArrowRight" && end) { event.preventDefault(); move(field, 0, rtl); }
  });

  // Paste of several cells: rows by line, cells by tab, from the field on.
  form.addEventListener("paste", function (event) {
    const field = event.target;
    if (!field.matches("input[data-cell], input[data-total]")) return;
    const text = (event.clipboardData || window.clipboardData).getData("text").replace(/\r/g, "").replace(/\n$/, "");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const every = Array.from(form.querySelectorAll("tr[data-row]"));
    const first = every.indexOf(field.closest("tr"));
    const column = inputs(field.closest("tr")).indexOf(field);
    text.split("\n").forEach(function (line, down) {
      const row = every[first + down];
      if (!row) return;
      line.split("\t").forEach(function (value, across) {
        const target = inputs(row)[column + across];
        if (target) { target.value = value.trim(); note(target); }
      });
      sums(row);
    });
  });

  // The live check: cells against the total, on whole units so that nothing is rounded.
  function units(text) {
    const plain = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    const found = /^(\d+)(?:\.(\d{1,6}))?$/.exec(plain);
    return found ? BigInt(found[1]) * 1000000n + BigInt((found[2] || "").padEnd(6, "0")) : null;
  }
  function words(value) {
    const whole = value / 1000000n, rest = String(value % 1000000n).padStart(6, "0").replace(/0+$/, "");
    return rest ? whole + "." + rest : String(whole);
  }
  function sums(row) {
    const total = row.querySelector("input[data-total]"), out = row.querySelector("[data-sum-of]");
    const cells = Array.from(row.querySelectorAll("input[data-cell]"));
    if (!total || !out || !cells.length) return;
    const given = cells.map(function (c) { return units(c.value); }).filter(function (v) { return v !== null; });
    if (!given.length) { out.textContent = ""; return; }
    const sum = given.reduce(function (a, b) { return a + b; }, 0n), whole = units(total.value);
    const over = whole !== null && sum > whole;
    out.classList.toggle("over", over);
    out.textContent = whole !== null && sum === whole ? "" : (over ? form.dataset.over : form.dataset.sum).replace("%s", words(sum));
  }

  // Saving: what changed goes out a moment later; what cannot go out is kept here and sent when the connection is back.
  function note(field) {
    if (!field.name || field.name === "version") return;
    changed.add(field.name);
    window.clearTimeout(timer);
    timer = window.setTimeout(send, 900);
  }
  function keep() {
    const kept = {};
    changed.forEach(function (name) { if (form.elements[name]) kept[name] = form.elements[name].value; });
    try { Object.keys(kept).length ? localStorage.setItem(key, JSON.stringify(kept)) : localStorage.removeItem(key); } catch (e) { /* storage is full or off */ }
  }
  function payload(names) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("version", versionField.value);
    const rows = new Set();
    names.forEach(function (name) {
      data.set(name, form.elements[name].value);
      const row = form.elements[name].closest("tr[data-row]");
      if (row) rows.add(row);
    });
    // A reason and its figure belong together, so both go when one changes.
    rows.forEach(function (row) {
      const reason = row.querySelector("select[name^='r:']"), total = row.querySelector("[name='f:" + row.dataset.row + ":']");
      [reason, total].forEach(function (field) { if (field) data.set(field.name, field.value); });
    });
    return data;
  }
  function mark(problems) {
    form.querySelectorAll("[aria-invalid]").forEach(function (f) { f.removeAttribute("aria-invalid"); });
    form.querySelectorAll("[data-problem]").forEach(function (p) { p.hidden = true; p.textContent = ""; });
    problems.forEach(function (problem) {
      const field = problem.name && form.elements[problem.name];
      if (!field) { saved.textContent = problem.message; return; }
      field.setAttribute("aria-invalid", "true");
      const place = field.closest("tr") && field.closest("tr").querySelector("[data-problem]");
      if (place) { place.hidden = false; place.textContent = problem.message; }
    });
  }
  function send() {
    if (sending || !changed.size) return;
    const names = Array.from(changed);
    keep();
    sending = true;
    fetch(form.action, { method: "POST", body: payload(names), headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then(function (answer) {
        if (answer.redirected || answer.status === 403) { location.reload(); return null; }
        return answer.json().then(function (body) { return { status: answer.status, body: body }; });
      })
      .then(function (answer) {
        sending = false;
        if (!answer) return;
        if (answer.status === 200) {
          versionField.value = answer.body.version;
          saved.textContent = answer.body.saved;
          names.forEach(function (name) { changed.delete(name); });
          mark([]);
          keep();
          document.body.dispatchEvent(new Event("saved"));
          if (changed.size) send();
        } else if (answer.status === 412) {
          conflict(answer.body);
        } else {
          mark(answer.body.problems || []);
        }
      })
      .catch(function () {
        sending = false;
        saved.textContent = form.dataset.kept;
        window.clearTimeout(timer);
        timer = window.setTimeout(send, 15000);
      });
  }
  function conflict(body) {
    const rows = dialog.querySelector("[data-differing]");
    rows.textContent = "";
    body.differing.forEach(function (line) {
      const row = document.createElement("tr");
      [line.label, line.theirs || "–", line.mine || "–"].forEach(function (text, place) {
        const cell = document.createElement(place ? "td" : "th");
        if (!place) cell.scope = "row"; else cell.className = "num";
        cell.textContent = text;
        row.append(cell);
      });
      rows.append(row);
    });
    dialog.querySelector("[data-take-theirs]").onclick = function () {
      try { localStorage.removeItem(key); } catch (e) { /* off */ }
      location.reload();
    };
    dialog.querySelector("[data-keep-mine]").onclick = function () {
      versionField.value = body.version;
      dialog.close();
      send();
    };
    if (!dialog.open) dialog.showModal();
  }

  form.addEventListener("input", function (event) {
    const row = event.target.closest("tr[data-row]");
    if (row) sums(row);
    note(event.target);
  });
  window.addEventListener("online", send);
  window.addEventListener("beforeunload", function () { if (changed.size) keep(); });
  form.addEventListener("submit", function () { try { localStorage.removeItem(key); } catch (e) { /* off */ } });

  // Take up again what an earlier visit could not send.
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    Object.keys(kept).forEach(function (name) {
      const field = form.elements[name];
      if (field && field.value !== kept[name]) { field.value = kept[name]; note(field); }
    });
  } catch (e) { /* nothing kept */ }
  form.querySelectorAll("tr[data-row]").forEach(sums);
})();

/* Draws a chart from the table inside each figure[data-chart]; the table stays as the content.
   First column: names; every further column whose cells carry data-value: a series. data-low and data-high draw an interval.
   Needs vendor/chart.umd.min.js before it. */
(function () {
  "use strict";
  const root = getComputedStyle(document.documentElement);
  const token = function (name) { return root.getPropertyValue("--" + name).trim(); };
  const tones = ["brand", "individual", "community", "institution", "calm"];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function exact(cell) {
    return cell && cell.dataset.value !== undefined && cell.dataset.value !== "" ? Number(cell.dataset.value) : null;
  }

  function read(table) {
    const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
    const rows = Array.from(table.tBodies[0].rows).filter(function (row) { return row.querySelector("[data-value]"); });
    const series = [];
    heads.forEach(function (head, column) {
      const cells = rows.map(function (row) { return row.cells[column]; });
      if (column === 0 || !cells.some(function (cell) { return exact(cell) !== null; })) return;
      series.push({
        label: head.textContent.trim(),
        tone: head.dataset.tone || tones[series.length % tones.length],
        values: cells.map(exact),
        spans: cells.map(function (cell) { return cell && cell.dataset.low ? [Number(cell.dataset.low), Number(cell.dataset.high)] : null; })
      });
    });
    return { labels: rows.map(function (row) { return row.cells[0].textContent.trim(); }), series: series };
  }

  function draw(figure) {
    const table = figure.querySelector("table");
    const place = figure.querySelector(".chart-drawing");
    if (!table || !place || !place.hidden || !window.Chart || !table.tHead) return;
    const data = read(table);
    if (!data.series.length) return;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.dataset.message);
    place.append(canvas);
    place.hidden = false;
    const sets = [];
    const counted = data.series.every(function (one) { return one.values.every(function (value) { return value === null || Number.isInteger(value); }); });
    data.series.forEach(function (one) {
      const colour = token(one.tone);
      if (one.spans.some(Boolean)) {
        // Alone, the interval stands on its value and in front of it; several series stand side by side with theirs.
        const alone = data.series.length === 1;
        sets.push({
          type: "bar", label: one.label + " ±", data: one.spans, backgroundColor: alone ? token("ink") + "99" : colour + "55",
          barPercentage: alone ? 0.06 : 0.15, grouped: !alone, order: alone ? -1 : 0
        });
      }
      sets.push({ label: one.label, data: one.values, borderColor: colour, backgroundColor: colour, tension: 0, spanGaps: false, pointRadius: 3, borderWidth: 2 });
    });
    new window.Chart(canvas, {
      type: figure.dataset.chart,
      data: { labels: data.labels, datasets: sets },
      options: {
        animation: still ? false : { duration: 200 },
        maintainAspectRatio: false,
        indexAxis: figure.dataset.sideways === "yes" ? "y" : "x",
        plugins: { legend: { display: data.series.length > 1, position: "bottom" } },
        scales: {
          x: { grid: { display: false }, stacked: figure.dataset.stacked === "yes", ticks: { maxRotation: 0, autoSkipPadding: 12 } },
          y: { stacked: figure.dataset.stacked === "yes", beginAtZero: figure.dataset.chart === "bar", ticks: counted ? { precision: 0 } : {} }
        }
      }
    });
    const details = figure.querySelector("details");
    if (details) details.open = false;
  }

  document.addEventListener("DOMContentLoaded", function () {
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    window.Chart.defaults.color = token("ink-2");
    document.querySelectorAll("figure[data-chart]").forEach(draw);
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    event.target.querySelectorAll("figure[data-chart]").forEach(draw);
  });
})();

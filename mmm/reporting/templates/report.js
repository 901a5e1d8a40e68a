(function () {
  "use strict";
  var views = [];
  function draw(box) {
    var spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
    return vegaEmbed(box, spec, { mode: "vega-lite", actions: false, renderer: "svg", ast: false })
      .then(function (result) {
        views.push({ view: result.view, box: box });
        box.dataset.state = "drawn";
        document.querySelectorAll(".walk[data-chart='" + box.dataset.spec + "']").forEach(function (one) {
          walk(one, result.view);
        });
        var svg = box.querySelector("svg");
        if (svg) { svg.setAttribute("aria-hidden", "true"); svg.setAttribute("focusable", "false"); }
      })
      .catch(function () {
        box.dataset.state = "failed";
        box.textContent = box.dataset.failed;
      });
  }
  // A slider that walks along the budgets of a chart; it comes when the chart is there.
  function walk(box, view) {
    var slider = box.querySelector("input"), said = box.querySelector("output");
    function step() {
      var at = slider.list.options[slider.value].dataset;
      said.textContent = at.said;
      slider.setAttribute("aria-valuetext", at.said);
      view.signal("walk", Number(at.budget)).run();
    }
    slider.addEventListener("input", step);
    box.hidden = false;
    said.textContent = slider.list.options[slider.value].dataset.said;
    slider.setAttribute("aria-valuetext", said.textContent);
  }
  // One chart after the other, so that a long page stays responsive while it is drawn.
  var queue = Array.prototype.slice.call(document.querySelectorAll(".chart"));
  (function next() {
    var box = queue.shift();
    if (box) { draw(box).then(function () { setTimeout(next, 0); }); }
    else { document.documentElement.dataset.charts = "done"; }
  })();
  // Paper is narrower than most screens: charts are drawn again at its width, so their words stay readable.
  function widths(of) { views.forEach(function (one) { one.view.signal("width", of(one.box)).run(); }); }
  window.addEventListener("beforeprint", function () {
    widths(function (box) { return box.closest(".multiples") ? 215 : 660; });
  });
  window.addEventListener("afterprint", function () { widths(function (box) { return box.clientWidth; }); });
})();

// Line charts of A and B in SVG, each with a description and a table of its numbers.
const FRAME = { left: 46, right: 330, top: 8, bottom: 172 };

// A new figure in a section; what it is about never changes, what it shows does.
function addFigure(place, name, unit) {
  const figure = document.getElementById("figure").content.firstElementChild.cloneNode(true);
  place.append(figure);
  const chart = { figure, svg: figure.querySelector("svg"), details: figure.querySelector("details") };
  titled(chart, name, unit);
  chart.details.addEventListener("toggle", () => chart.details.open && fillTable(chart));
  return chart;
}

function titled(chart, name, unit) {
  const strong = document.createElement("strong");
  strong.textContent = name;
  chart.figure.querySelector("figcaption").replaceChildren(strong, unit ? ` ${unit}` : "");
  for (const each of chart.figure.querySelectorAll(".scroll, table")) each.setAttribute("aria-label", `Numbers of ${name}`);
  chart.name = name;
}

// Draw lines {A: values or null, B: values or null} against x.
function draw(chart, x, label, lines) {
  Object.assign(chart, { x, label, lines });
  const values = Object.values(lines).flatMap((line) => line ?? []).filter(Number.isFinite);
  const horizontal = scale(x[0], x[x.length - 1], FRAME.left, FRAME.right);
  const [low, high] = padded(values);
  const vertical = scale(low, high, FRAME.bottom, FRAME.top);
  for (const which of ["A", "B"]) {
    const line = lines[which] ? outline(x, lines[which], horizontal, vertical) : "";
    chart.svg.querySelector(`path.${which}`).setAttribute("d", line);
  }
  const grid = [];
  const words = [write(chart.svg, label, (FRAME.left + FRAME.right) / 2, 205, "middle")];
  for (const tick of values.length ? ticks(low, high, 5) : []) {
    const y = vertical(tick);
    grid.push(rule(chart.svg, FRAME.left, y, FRAME.right, y, tick === 0));
    words.push(write(chart.svg, plain(tick), FRAME.left - 5, y + 4, "end"));
  }
  for (const tick of ticks(x[0], x[x.length - 1], 5))
    words.push(write(chart.svg, plain(tick), horizontal(tick), FRAME.bottom + 16, "middle"));
  chart.svg.querySelector(".grid").replaceChildren(...grid);
  chart.svg.querySelector(".words").replaceChildren(...words);
  chart.svg.setAttribute("aria-label", described(chart));
  if (chart.details.open) fillTable(chart);
}

function scale(from, to, start, end) {
  return (value) => start + ((value - from) / (to - from || 1)) * (end - start);
}

// Ends of the vertical axis: room above and below, and some where nothing moves.
function padded(values) {
  if (!values.length) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high - low > 1e-9 * (1 + Math.abs(high)) ? 0.06 * (high - low) : 0.05 * (Math.abs(high) || 1);
  return [low - room, high + room];
}

// Round numbers between two ends, one, two or five of a power of ten apart.
function ticks(low, high, count) {
  const power = 10 ** Math.floor(Math.log10((high - low || 1) / count));
  const step = power * [1, 2, 5, 10].find((each) => (high - low) / (each * power) <= count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// Points joined by lines, with gaps where there is no number.
function outline(x, values, horizontal, vertical) {
  let pen = "M";
  let text = "";
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) pen = "M";
    else {
      text += `${pen}${horizontal(x[i]).toFixed(1)} ${vertical(value).toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

function shape(svg, name, attributes) {
  const element = document.createElementNS(svg.namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function rule(svg, x1, y1, x2, y2, zero) {
  return shape(svg, "line", { x1, y1, x2, y2, class: zero ? "zero" : "" });
}

function write(svg, text, x, y, anchor) {
  const element = shape(svg, "text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

// In words: where lines begin and end, and how far they go.
function described({ name, x, label, lines }) {
  const sentences = Object.entries(lines).map(([which, values]) => {
    const numbers = values?.filter(Number.isFinite) ?? [];
    if (!numbers.length) return `${which} is not drawn.`;
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const places = [low, high].map((end) => plain(x[values.indexOf(end)]));
    return (
      `${which} begins at ${plain(numbers[0])} and ends at ${plain(numbers[numbers.length - 1])}; ` +
      `lowest ${plain(low)} at ${places[0]}, highest ${plain(high)} at ${places[1]}.`
    );
  });
  return `${name} against ${label}, ${plain(x[0])} to ${plain(x[x.length - 1])}. ${sentences.join(" ")}`;
}

function fillTable({ figure, x, label, lines }) {
  const table = figure.querySelector("table");
  table.replaceChildren();
  fillRow(table.createTHead().insertRow(), [label, ...Object.keys(lines)], "col");
  const body = table.createTBody();
  x.forEach((value, i) => {
    const numbers = Object.values(lines).map((line) => (line ? plain(line[i]) : "–"));
    fillRow(body.insertRow(), [plain(value), ...numbers], "row");
  });
}

// Cells of a row; the first one is a heading, and all are in the row of headings.
function fillRow(row, texts, scope) {
  texts.forEach((text, i) => {
    const cell = document.createElement(i === 0 || scope === "col" ? "th" : "td");
    if (cell.tagName === "TH") cell.scope = scope;
    cell.textContent = text;
    row.append(cell);
  });
}

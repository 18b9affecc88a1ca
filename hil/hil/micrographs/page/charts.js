// Histogram and box plots of one type of particle, over one axis of diameters.

import {shape} from "./shapes.js";

const HIGH = 130;            // pixels of the bars
const ROW = 22;              // of a box plot
const SIDE = 36;             // left of the axis
const TICKS = 6;

function steps(low, high) {
  const rough = (high - low) / TICKS, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(Number(at.toPrecision(6)));
  return found;
}

function bars(counts, edges, x, y, className) {
  const drawn = counts.map((count, at) => `V${y(count)}H${x(edges[at + 1])}`).join("");
  return shape("path", {d: `M${x(edges[0])},${y(0)}${drawn}V${y(0)}Z`}, className);
}

// Whiskers to the smallest and the largest.
function box([least, lower, median, upper, largest], middle, x, className) {
  const half = ROW / 3;
  return shape("path", {d: [
    `M${x(least)},${middle}H${x(lower)}M${x(upper)},${middle}H${x(largest)}`,
    `M${x(lower)},${middle - half}H${x(upper)}V${middle + half}H${x(lower)}Z`,
    `M${x(median)},${middle - half}V${middle + half}`,
  ].join("")}, `box ${className}`);
}

function words(text, x, y, anchor) {
  const made = shape("text", {x, y, "text-anchor": anchor});
  made.textContent = text;
  return made;
}

// rows: [[name, class, sizes], …] of a type; sizes may be missing.
export function chart(kind, rows, edges, unit, width) {
  const known = rows.filter(([, , sizes]) => sizes);
  const low = edges[0], high = edges[edges.length - 1], most = Math.max(...known.flatMap(([, , sizes]) => sizes.counts));
  const x = (value) => SIDE + ((width - SIDE - 12) * (value - low)) / (high - low);
  const y = (count) => 10 + HIGH * (1 - count / most);
  const boxes = 10 + HIGH + 12, foot = boxes + ROW * known.length + 4, height = foot + 34;
  const made = shape("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img"});
  made.setAttribute("aria-label", `histogram and box plots of ${kind} particles`);
  for (const [, className, sizes] of known) made.append(bars(sizes.counts, edges, x, y, className));
  known.forEach(([, className, sizes], at) => made.append(box(sizes.quartiles, boxes + ROW * (at + 0.5), x, className)));
  made.append(shape("path", {d: `M${SIDE},10V${y(0)}M${SIDE},${foot}H${width - 12}`}, "axis"));
  for (const value of steps(low, high)) {
    made.append(shape("path", {d: `M${x(value)},${foot}v5`}, "axis"), words(String(value), x(value), foot + 17, "middle"));
  }
  made.append(words(String(most), SIDE - 5, 18, "end"), words("0", SIDE - 5, y(0) + 4, "end"));
  made.append(words(`equivalent diameter / ${unit}`, width - 12, height - 3, "end"));
  return made;
}

// What is shown, and how: text, numbers to the digits that they have, and trends as SVG.

const FLAGS = {
  1: "over range", 2: "under range", 4: "low battery", 8: "not available", 16: "low light", 32: "stale",
  64: "device error", 256: "tracking lost",
  512: "outside its domain",
};

export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function fill(section, rows) {
  const place = document.getElementById(section);
  place.hidden = rows.length === 0;
  place.querySelector("ul, ol").replaceChildren(...rows);
}

export function item(title, below = [], className = "") {
  const made = element("li", title, className);
  for (const text of below.filter(Boolean)) made.append(element("p", text));
  return made;
}

export function mark(place, text, kind = "") {
  place.textContent = text;
  place.className = `mark ${kind}`;
}

export function clock(nanoseconds) {
  if (!nanoseconds) return "";
  const time = new Date(nanoseconds / 1e6), two = (part) => String(part).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} `;
  const hour = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return Date.now() - time > 12 * 3600e3 ? day + hour : hour;
}

export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 90) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// A value to the second digit of its expanded uncertainty.
export function number(value, expanded) {
  if (value === null || value === undefined) return "–";
  if (!expanded) return String(Number(value.toPrecision(7)));
  const last = 1 - Math.floor(Math.log10(expanded));
  if (last >= 0) return value.toFixed(Math.min(12, last));
  return String(Math.round(value / 10 ** -last) * 10 ** -last);
}

export function flagged(flags) {
  return Object.keys(FLAGS).filter((bit) => flags & bit).map((bit) => FLAGS[bit]).join(", ");
}

// ---- trends

const SVG = "http://www.w3.org/2000/svg";

export function trend(className) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", `trend ${className}`);
  made.setAttribute("viewBox", "0 0 100 100");
  made.setAttribute("preserveAspectRatio", "none");
  made.setAttribute("role", "img");
  return made;
}

export function draw(svg, points, limits, label) {
  const known = points.filter(([, value]) => value !== null);
  svg.setAttribute("aria-label", label);
  if (known.length < 2 || known[0][0] === known[known.length - 1][0]) return svg.replaceChildren();
  const times = known.map(([t]) => t), values = known.map(([, value]) => value);
  let low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
  const room = (high - low) * 0.1 || Math.abs(high) * 0.01 || 1;
  [low, high] = [low - room, high + room];
  const begin = times[0], length = times[times.length - 1] - begin;
  const x = (t) => (100 * (t - begin)) / length, y = (value) => 100 - (100 * (value - low)) / (high - low);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", known.map(([t, value]) => `${x(t).toFixed(2)},${y(value).toFixed(2)}`).join(" "));
  const drawn = [line];
  for (const limit of (limits || []).filter((each) => each !== null && each > low && each < high)) {
    const across = document.createElementNS(SVG, "line");
    for (const [name, value] of Object.entries({x1: 0, x2: 100, y1: y(limit), y2: y(limit)})) {
      across.setAttribute(name, value);
    }
    drawn.push(across);
  }
  svg.replaceChildren(...drawn);
}

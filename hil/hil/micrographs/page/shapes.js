// Outlines as lists of [x, y] in pixels, and SVG to draw them with.

const SVG = "http://www.w3.org/2000/svg";
const ROUND = 16;            // vertices of a new contour

export function shape(name, attributes = {}, className = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (className) made.setAttribute("class", className);
  return made;
}

export function area(vertices) {
  let twice = 0;
  vertices.forEach(([x, y], at) => {
    const [nextX, nextY] = vertices[(at + 1) % vertices.length];
    twice += x * nextY - y * nextX;
  });
  return Math.abs(twice) / 2;
}

export function length(vertices) {
  return vertices.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = vertices[(at + 1) % vertices.length];
    return sum + Math.hypot(nextX - x, nextY - y);
  }, 0);
}

export const diameter = (vertices) => 2 * Math.sqrt(area(vertices) / Math.PI);

export const path = (vertices) => `M${vertices.map(([x, y]) => `${x},${y}`).join("L")}Z`;

export function holds(vertices, [x, y]) {
  let inside = false;
  vertices.forEach(([ax, ay], at) => {
    const [bx, by] = vertices[(at + 1) % vertices.length];
    if ((ay > y) !== (by > y) && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
  });
  return inside;
}

// The number of the vertex that is nearest to a place, and how far it is.
export function nearest(vertices, [x, y]) {
  const far = vertices.map(([ax, ay]) => Math.hypot(ax - x, ay - y));
  const least = Math.min(...far);
  return [far.indexOf(least), least];
}

export function circle([x, y], radius) {
  return Array.from({length: ROUND}, (_, at) => {
    const angle = (2 * Math.PI * at) / ROUND;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

export const within = ([x, y], width, height) => [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];

export function bounds(vertices) {
  const xs = vertices.map(([x]) => x), ys = vertices.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

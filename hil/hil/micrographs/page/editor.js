// One picture at large: contours over it, corrected by hand, and put on record as an amendment.

import {element, item} from "./show.js";
import {area, bounds, circle, diameter, holds, length, nearest, path, shape, within} from "./shapes.js";

const REACH = 14;            // screen pixels within which a vertex is taken
const DOT = 4;               // of a vertex drawn, at most
const PULL = [1, 0.8, 0.4, 0.1];  // how far the next vertices follow one that is moved
const STEP = 0.25;           // pixels of the picture by which an arrow key moves a vertex
const LEAST = 2;             // pixels of the radius of a new contour
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

const HINTS = {
  moving: "Select a contour, then drag its vertices. Keys: N next vertex, arrows move it, Delete, Escape, Ctrl-Z.",
  adding: "Press in the middle of a particle, and draw the circle out to its rim; its vertices can be dragged then.",
};

const byId = (id) => document.getElementById(id);
const copy = (contours) => structuredClone(contours);

export class Editor {
  constructor(ask, saved) {
    this.ask = ask;
    this.saved = saved;
    this.canvas = byId("canvas");
    this.changed = false;
    this.saving = false;
    this.number = -1;
    this.contours = [];
    this.listen();
  }

  listen() {
    const on = (id, what, does) => byId(id).addEventListener(what, does.bind(this));
    on("canvas", "pointerdown", this.down);
    on("canvas", "pointermove", this.move);
    on("canvas", "pointerup", this.up);
    on("canvas", "pointercancel", this.up);
    on("canvas", "keydown", this.key);
    on("previous", "click", () => this.go(-1));
    on("next", "click", () => this.go(1));
    on("add", "click", () => this.set({adding: !this.adding, chosen: -1}));
    on("undo", "click", this.undo);
    on("reset", "click", () => this.take(this.told));
    on("zoom", "click", () => this.set({zoomed: !this.zoomed}));
    on("delete", "click", this.remove);
    on("kind", "change", () => this.change(() => { this.contours[this.chosen].kind = byId("kind").value; }));
    on("save", "submit", this.save);
    new ResizeObserver(() => this.told && this.canvas.clientWidth && this.draw()).observe(this.canvas);
  }

  async open(number, known) {
    this.known = known;
    this.wanted = number;
    byId("kind").replaceChildren(...known.kinds.map((kind) => element("option", kind)));
    this.takeIfWanted(await this.ask(`pictures/${number}`));
  }

  // Another picture may be wanted by the time that one is told.
  takeIfWanted(told) {
    if (told.number === this.wanted) this.take(told);
  }

  take(told) {
    this.told = told;
    this.number = told.number;
    this.contours = copy(told.contours);
    this.past = [];
    byId("u_rim").value = told.u_rim ?? "";
    byId("refused").textContent = "";
    this.set({chosen: -1, vertex: -1, adding: false, zoomed: false, dragging: null});
  }

  set(state) {
    Object.assign(this, state);
    if (this.chosen < 0) this.zoomed = false;
    this.draw();
  }

  mayLeave() {
    const leaves = !this.changed || confirm("Leave this picture? What you changed is not on record.");
    if (leaves) this.changed = false;
    return leaves;
  }

  go(by) {
    const count = this.known.pictures.length;
    location.hash = `picture/${(this.number + by + count) % count}`;
  }

  // ---- changes

  change(does) {
    this.past.push(copy(this.contours));
    does();
    this.draw();
  }

  undo() {
    if (this.past.length) this.set({contours: this.past.pop(), chosen: -1, vertex: -1});
  }

  remove() {
    if (this.chosen < 0) return;
    this.change(() => this.contours.splice(this.chosen, 1));
    this.set({chosen: -1, vertex: -1});
  }

  // A vertex that a hand moved makes the whole contour drawn by hand.
  put([x, y]) {
    const contour = this.contours[this.chosen], count = contour.vertices.length;
    const [fromX, fromY] = contour.vertices[this.vertex];
    contour.vertices = contour.vertices.map(([atX, atY], at) => {
      const away = Math.abs(at - this.vertex), share = PULL[Math.min(away, count - away)] ?? 0;
      return this.onGrid([atX + share * (x - fromX), atY + share * (y - fromY)]);
    });
    contour.predicted = null;
  }

  onGrid(place) {
    return within(place, this.told.width, this.told.height).map((each) => Number(each.toFixed(3)));
  }

  // ---- the pointer

  get scale() {
    return this.view[2] / this.canvas.clientWidth;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [this.view[0] + (event.clientX - box.left) * this.scale, this.view[1] + (event.clientY - box.top) * this.scale];
  }

  down(event) {
    if (event.button !== 0) return;
    const place = this.place(event);
    this.canvas.focus({preventScroll: true});
    this.canvas.setPointerCapture(event.pointerId);
    if (this.adding) return this.set({dragging: {from: place, added: false}});
    if (this.chosen >= 0) {
      const [vertex, far] = nearest(this.contours[this.chosen].vertices, place);
      if (far < REACH * this.scale) return this.set({vertex, dragging: {before: copy(this.contours), moved: false}});
    }
    const hit = this.contours.map((contour, at) => [at, area(contour.vertices)])
      .filter(([at]) => holds(this.contours[at].vertices, place)).sort((one, other) => one[1] - other[1]);
    this.set({chosen: hit.length ? hit[0][0] : -1, vertex: -1});
  }

  move(event) {
    if (!this.dragging) return;
    const place = this.place(event);
    if (!this.adding) {
      if (!this.dragging.moved) this.past.push(this.dragging.before);
      this.dragging.moved = true;
      this.put(place);
    } else {
      const radius = Math.hypot(place[0] - this.dragging.from[0], place[1] - this.dragging.from[1]);
      if (radius < LEAST) return;
      const vertices = circle(this.dragging.from, radius).map((vertex) => this.onGrid(vertex));
      const grown = {kind: this.known.kinds[0], vertices, predicted: null};
      if (!this.dragging.added) this.change(() => this.contours.push(grown));
      else this.contours[this.contours.length - 1] = grown;
      this.dragging.added = true;
    }
    this.draw();
  }

  up() {
    if (!this.dragging) return;
    if (this.adding && this.dragging.added) Object.assign(this, {adding: false, chosen: this.contours.length - 1});
    this.set({dragging: null});
  }

  key(event) {
    if (this.dragging) return;
    const along = ARROWS[event.key];
    if (event.key === "Escape") this.set({chosen: -1, vertex: -1, adding: false});
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (this.chosen >= 0 && event.key.toLowerCase() === "n") {
      this.set({vertex: (this.vertex + 1) % this.contours[this.chosen].vertices.length});
    } else if (along && this.vertex >= 0) {
      const [x, y] = this.contours[this.chosen].vertices[this.vertex];
      this.change(() => this.put([x + STEP * along[0], y + STEP * along[1]]));
    } else return;
    event.preventDefault();
  }

  // ---- what is shown

  get view() {
    const {width, height} = this.told;
    if (!this.zoomed) return [0, 0, width, height];
    if (!this.dragging) {
      const [left, top, right, bottom] = bounds(this.contours[this.chosen].vertices);
      const side = 1.6 * Math.max(right - left, bottom - top);
      this.near = [(left + right - side) / 2, (top + bottom - side) / 2, side, side];
    }
    return this.near;
  }

  draw() {
    const {told, canvas} = this, chosen = this.contours[this.chosen];
    canvas.setAttribute("viewBox", this.view.join(" "));
    canvas.classList.toggle("editing", this.adding || Boolean(chosen));
    canvas.classList.toggle("adding", this.adding);
    if (this.shown !== told.sha256) {
      this.shown = told.sha256;
      this.image = shape("image", {href: `pictures/${told.number}.png`, width: told.width, height: told.height});
    }
    const kept = new Set(this.contours.map((contour) => contour.predicted));
    const was = told.predicted.filter((contour) => !kept.has(contour.predicted));
    const shapes = this.contours.map((contour, at) => shape("path", {d: path(contour.vertices)},
      [contour.kind, contour.predicted === null ? "hand" : "", at === this.chosen ? "chosen" : ""].join(" ")));
    const r = chosen && Math.min(DOT * this.scale, length(chosen.vertices) / chosen.vertices.length / 3);
    const dots = chosen ? chosen.vertices.map(([cx, cy], at) => shape("circle", {cx, cy, r},
      at === this.vertex ? "current" : "")) : [];
    canvas.replaceChildren(this.image, ...was.map((each) => shape("path", {d: path(each.vertices)}, "was")), ...shapes, ...dots);
    this.tell(chosen);
  }

  tell(chosen) {
    const {told} = this, unit = this.known.unit;
    this.changed = JSON.stringify(this.contours) !== JSON.stringify(told.contours);
    byId("name").textContent = told.name;
    byId("outside").hidden = told.inside;
    byId("hint").textContent = this.adding ? HINTS.adding : HINTS.moving;
    byId("add").setAttribute("aria-pressed", this.adding);
    byId("undo").disabled = !this.past.length;
    byId("reset").disabled = !this.changed;
    byId("selected").hidden = !chosen;
    if (chosen) {
      byId("which-contour").textContent = `Contour ${this.chosen + 1}`;
      byId("diameter").textContent = `${(told.pixel * diameter(chosen.vertices)).toFixed(1)} ${unit}`;
      byId("kind").value = chosen.kind;
      byId("zoom").setAttribute("aria-pressed", this.zoomed);
    }
    const hand = this.contours.filter((contour) => contour.predicted === null).length;
    byId("counts").textContent = `${this.contours.length} contours, ${hand} drawn by hand; ${told.predicted.length} were predicted`;
    byId("by-hand").hidden = !hand;
    byId("u_rim").required = hand > 0;
    byId("save").hidden = !this.changed && !(hand && told.corrections.length);
    byId("history").hidden = !told.corrections.length;
    byId("history").querySelector("ol").replaceChildren(...told.corrections.map((one) => item(
      `Amendment ${one.number}, ${one.who}${one.signed ? "" : ", not signed"}`, [one.what, one.why, one.when])).reverse());
  }

  async save(submitted) {
    submitted.preventDefault();
    if (this.saving) return;
    const contours = this.contours.map(({kind, vertices, predicted}) => (predicted === null ? {kind, vertices} : {kind, predicted}));
    const typed = byId("u_rim").value.trim().replace(",", ".");
    const sent = {
      after: this.told.after, who: byId("who").value, why: byId("why").value,
      u_rim: byId("u_rim").required ? Number(typed) : null, contours,
    };
    this.saving = true;
    try {
      const options = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(sent)};
      this.takeIfWanted(await this.ask(`pictures/${this.number}/corrections`, options));
      byId("why").value = "";
      await this.saved();
    } catch (error) {
      byId("refused").textContent = error.message;
    } finally {
      this.saving = false;
    }
  }
}

// The page of a bench: it shows, and never commands. All that the bench says is put in as text, never as HTML.

const FLAGS = {
  1: "over range", 2: "under range", 4: "low battery", 8: "not available", 16: "low light", 32: "stale",
  64: "device error", 256: "tracking lost",
};
const COVERAGE = 2;          // the k of every uncertainty shown
const KEPT = 240;            // points of a short trend
const LONG = 3600e3;         // ms of a long one
const RATES = {visible: 5, hidden: 0.2};
const SEEN_EVERY = 10;       // frames
const SILENCE = 12e3;        // ms without a frame after which the link is given up
const NOT_WELCOME = 4401;

const byId = (id) => document.getElementById(id);
const screen = {
  bench: byId("bench"), provenance: byId("provenance"), state: byId("state"), link: byId("link"),
  login: byId("login"), token: byId("token"), refused: byId("refused"), main: byId("main"),
};

let socket = null;
let lastSeq = 0;
let heardAt = 0;
let attempts = 0;
let bench = {t: 0, at: 0};   // the bench's clock: its latest time, and when that was heard
let cards = [];

// ---- small helpers

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fill(section, rows) {
  const place = byId(section);
  place.hidden = rows.length === 0;
  place.querySelector("ul, ol").replaceChildren(...rows);
}

function item(title, below = [], className = "") {
  const made = element("li", title, className);
  for (const text of below.filter(Boolean)) made.append(element("p", text));
  return made;
}

function mark(place, text, kind = "") {
  place.textContent = text;
  place.className = `mark ${kind}`;
}

function clock(nanoseconds) {
  if (!nanoseconds) return "";
  const time = new Date(nanoseconds / 1e6), two = (part) => String(part).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} `;
  const hour = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return Date.now() - time > 12 * 3600e3 ? day + hour : hour;
}

function span(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 90) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// A value to the second digit of its expanded uncertainty.
function number(value, expanded) {
  if (value === null || value === undefined) return "–";
  if (!expanded) return String(Number(value.toPrecision(7)));
  const last = 1 - Math.floor(Math.log10(expanded));
  if (last >= 0) return value.toFixed(Math.min(12, last));
  return String(Math.round(value / 10 ** -last) * 10 ** -last);
}

function flagged(flags) {
  return Object.keys(FLAGS).filter((bit) => flags & bit).map((bit) => FLAGS[bit]).join(", ");
}

const benchNow = () => bench.t + (performance.now() - bench.at);

// ---- trends

const SVG = "http://www.w3.org/2000/svg";

function trend(className) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", `trend ${className}`);
  made.setAttribute("viewBox", "0 0 100 100");
  made.setAttribute("preserveAspectRatio", "none");
  made.setAttribute("role", "img");
  return made;
}

function draw(svg, points, limits, label) {
  const known = points.filter(([, value]) => value !== null);
  svg.setAttribute("aria-label", label);
  if (known.length < 2) return svg.replaceChildren();
  const times = known.map(([t]) => t), values = known.map(([, value]) => value);
  let low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
  const room = (high - low) * 0.1 || Math.abs(high) * 0.01 || 1;
  [low, high] = [low - room, high + room];
  const begin = times[0], length = times[times.length - 1] - begin || 1;
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

// ---- channels

class Card {
  constructor(channel) {
    this.channel = channel;
    this.points = [];
    this.row = null;
    this.place = element("article", "", "card");
    this.value = element("p", "", "value");
    this.under = element("p", "", "under");
    this.svg = trend("");
    this.more = element("button", "Last hour");
    this.more.type = "button";
    this.more.addEventListener("click", () => this.history());
    this.place.append(element("h3", channel.name), this.value, this.svg, this.under, this.more);
  }

  take(row) {
    const [value, , , t, low, high] = row;
    if (t === null) return;
    this.row = row;
    if (low !== null && low < value) this.points.push([t, low]);
    if (high !== null && high > value) this.points.push([t, high]);
    this.points.push([t, value]);
    this.points.splice(0, this.points.length - KEPT);
    if (t > bench.t) bench = {t, at: performance.now()};
  }

  show() {
    const unit = this.channel.symbol || this.channel.unit || "", limits = this.channel.limits;
    if (!this.row) {
      this.value.textContent = "–";
      return;
    }
    const [value, u, flags, t] = this.row;
    const expanded = COVERAGE * u, parts = [document.createTextNode(number(value, expanded))];
    if (u) parts.push(element("span", ` ± ${number(expanded, expanded)}`, "u"));
    parts.push(element("span", ` ${unit}`, "unit"));
    this.value.replaceChildren(...parts);
    const age = benchNow() - t, stale = age > Math.max(5000, 5000 * (this.channel.period || 0));
    const outside = limits && value !== null
      && ((limits[0] !== null && value < limits[0]) || (limits[1] !== null && value > limits[1]));
    this.place.classList.toggle("stale", stale);
    this.place.classList.toggle("outside", Boolean(outside));
    const uncalibrated = this.channel.calibration === null ? "not calibrated" : "";
    const notes = [`${span(age)} ago`, flagged(flags), outside ? "outside its limits" : "", uncalibrated];
    this.under.textContent = notes.filter(Boolean).join(" · ");
    draw(this.svg, this.points, limits, `trend of ${this.channel.name}`);
  }

  async history() {
    const to = Math.round(benchNow()), from = Math.max(0, to - LONG);
    const query = new URLSearchParams({channel: this.channel.name, from, to});
    this.more.textContent = "…";
    const answer = await fetch(`/history?${query}`);
    if (!answer.ok) {
      this.more.textContent = answer.status === 429 ? "Too often: wait a minute" : "No history";
      return;
    }
    const {rows} = await answer.json();
    if (!this.long) {
      this.long = trend("long");
      this.place.insertBefore(this.long, this.under);
    }
    draw(this.long, rows, this.channel.limits, `last hour of ${this.channel.name}`);
    this.more.textContent = `Last hour (${rows.length} readings)`;
  }
}

// ---- the state

function showState(run) {
  screen.bench.textContent = run.bench || "hil bench";
  document.title = `${run.state} – ${run.bench || "hil bench"}`;
  screen.provenance.hidden = !run.provenance || run.provenance === "measured";
  mark(screen.provenance, String(run.provenance || "").toUpperCase(), "warn");
  mark(screen.state, run.state || "unknown", run.state === "running" ? "good" : "");
  const open = (run.alarms || []).filter((alarm) => !alarm.shelved_until);
  const order = ["safety", "high", "medium", "low"];
  open.sort((a, b) => order.indexOf(a.priority) - order.indexOf(b.priority));
  fill("alarms", open.map((alarm) => item(
    `${alarm.priority ? `${alarm.priority.toUpperCase()}: ` : ""}${alarm.alarm} is ${alarm.state}`,
    [alarm.reason, alarm.guidance, alarm.raised ? `since ${clock(alarm.raised)}` : "",
      alarm.acknowledged_by ? `acknowledged by ${alarm.acknowledged_by}` : ""],
    ["safety", "high"].includes(alarm.priority) ? "bad" : "warn")));
  fill("interlocks", (run.interlocks || []).filter((each) => each.tripped)
    .map((each) => item(each.name, [each.when], "bad")));
  fill("prompts", (run.prompts || []).map((prompt) => item(prompt.text, [wants(prompt)], "warn")));
  fill("devices", (run.devices || []).filter((each) => !["ok", "closed"].includes(each.state))
    .map((each) => item(`${each.name} is ${each.state}`, [each.error], "warn")));
  showRun(run);
}

function wants(prompt) {
  const limits = [prompt.lower, prompt.upper].map((each) => (each === undefined || each === null ? "" : String(each)));
  const range = limits.some(Boolean) ? ` from ${limits[0] || "any"} to ${limits[1] || "any"}` : "";
  const unit = prompt.unit && prompt.unit !== "1" ? ` ${prompt.unit}` : "";
  const choices = prompt.choices && prompt.choices.length ? `: ${prompt.choices.join(", ")}` : "";
  return `wants ${prompt.wants || "an answer"}${range}${unit}${choices}; answer it at the bench or in the console`;
}

function showRun(run) {
  const point = run.point || null;
  const factors = point && point.factors ? Object.entries(point.factors).map(([k, v]) => `${k} ${v}`).join(", ") : "";
  const rows = {
    "Procedure": run.procedure, "Run": run.run, "Operator": run.operator,
    "Point": point ? `${point.index + 1}${run.count ? ` of ${run.count}` : ""}, attempt ${point.attempt}` : "",
    "Doing": point && point.step, "Set to": factors,
    "Done": run.count ? `${run.done} of ${run.count}` : "",
    "In command": run.lease ? `${run.lease.holder} (${run.lease.client})` : "",
    "Waiting": run.queue && run.queue.items ? `${run.queue.items.filter((i) => i.status === "waiting").length} in the queue` : "",
    "Handover": run.handover && run.handover.text,
  };
  const parts = [];
  for (const [name, value] of Object.entries(rows)) {
    if (value) parts.push(element("dt", name), element("dd", String(value)));
  }
  byId("run").querySelector("dl").replaceChildren(...parts);
}

function showEvents(events) {
  const list = byId("events").querySelector("ol");
  for (const event of events.slice(-12)) {
    const said = [event.reason, event.text, event.alarm, event.operator].filter((each) => typeof each === "string" && each);
    list.prepend(element("li", `${clock(event.wall)}  ${event.kind}${said.length ? `: ${said.join("; ")}` : ""}`));
  }
  while (list.children.length > 12) list.lastChild.remove();
}

// ---- the stream

function take(frame) {
  heardAt = performance.now();
  if (frame.kind === "answer") return;
  if (frame.prev !== lastSeq) return socket.close();
  lastSeq = frame.seq;
  if (frame.kind === "snapshot") {
    cards = frame.channels.map((channel) => new Card(channel));
    byId("channels").querySelector(".cards").replaceChildren(...cards.map((card) => card.place));
    frame.values.forEach((row, index) => cards[index].take(row));
  } else if (frame.kind === "delta") {
    for (const [index, row] of Object.entries(frame.values)) cards[index].take(row);
    showEvents(frame.events);
  }
  if (frame.run) showState(frame.run);
  if (frame.seq % SEEN_EVERY === 0) say({seen: frame.seq});
}

function say(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function follow() {
  lastSeq = 0;
  heardAt = performance.now();
  socket = new WebSocket(`wss://${location.host}/stream`);
  socket.addEventListener("open", () => {
    attempts = 0;
    say({seen: 0});
    say({rate: RATES[document.visibilityState] || RATES.hidden});
    screen.login.hidden = true;
    screen.main.hidden = false;
    mark(screen.link, "connected", "good");
  });
  socket.addEventListener("message", (message) => take(JSON.parse(message.data)));
  socket.addEventListener("close", (closed) => {
    socket = null;
    mark(screen.link, "link lost", "bad");
    if (closed.code === NOT_WELCOME) return askForToken("The token is no longer good.");
    attempts += 1;
    setTimeout(begin, Math.min(30e3, 500 * 2 ** Math.min(attempts, 6)));
  });
}

async function begin() {
  try {
    const answer = await fetch("/events?after=9007199254740991&most=1");
    if (answer.status === 401) return askForToken("");
    if (!answer.ok) throw new Error(String(answer.status));
    follow();
  } catch {
    attempts += 1;
    mark(screen.link, "no connection", "bad");
    setTimeout(begin, Math.min(30e3, 500 * 2 ** Math.min(attempts, 6)));
  }
}

function askForToken(why) {
  screen.login.hidden = false;
  screen.main.hidden = true;
  screen.refused.textContent = why;
  mark(screen.link, "not logged in", "");
  mark(screen.state, "not connected", "");
  screen.token.focus();
}

screen.login.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const headers = {"Authorization": `Bearer ${screen.token.value.trim()}`, "Content-Type": "application/json"};
  screen.token.value = "";
  try {
    const answer = await fetch("/session", {method: "POST", headers, body: "{}"});
    if (answer.status === 204) return begin();
    screen.refused.textContent = answer.status === 401 ? "This token is not good." : `Refused (${answer.status}).`;
  } catch {
    screen.refused.textContent = "No connection, or this is no token.";
  }
});

byId("logout").addEventListener("click", async () => {
  await fetch("/session", {method: "DELETE"});
  location.reload();
});

document.addEventListener("visibilitychange", () => {
  say({rate: RATES[document.visibilityState] || RATES.hidden});
});

setInterval(() => {
  const silent = performance.now() - heardAt;
  if (socket && silent > SILENCE) socket.close();
  if (socket && silent > 3000 && document.visibilityState === "visible") mark(screen.link, `silent for ${span(silent)}`, "warn");
  else if (socket && socket.readyState === WebSocket.OPEN) mark(screen.link, "connected", "good");
  if (document.visibilityState === "visible") for (const card of cards) card.show();
}, 500);

begin();

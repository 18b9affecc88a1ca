// The page of a bench: it shows, and never commands. All that the bench says is put in as text, never as HTML.

import {clock, draw, element, fill, flagged, item, mark, number, span, trend} from "/show.js";

const COVERAGE = 2;          // the k of every uncertainty shown
const KEPT = 240;            // points of a short trend
const LONG = 3600e3;         // ms of a long one
const RATES = {visible: 5, hidden: 0.2};
const SEEN_EVERY = 10;       // frames
const SILENCE = 12e3;        // ms without a frame after which the link is given up
const NOT_WELCOME = 4401;
const UNTOLD = ["committed", "points left"];  // events that are many and say little

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
let picturesWanted = false;
let lost = new Set();        // devices that cannot be reached
const canvases = new Map();

const benchNow = () => bench.t + (performance.now() - bench.at);

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
    const unit = unitOf(this.channel.symbol || this.channel.unit), limits = this.channel.limits;
    if (!this.row) {
      this.value.textContent = "–";
      return;
    }
    const [value, u, flags, t] = this.row;
    const expanded = COVERAGE * u, parts = [document.createTextNode(number(value, expanded))];
    if (u) parts.push(element("span", ` ± ${number(expanded, expanded)}`, "u"));
    parts.push(element("span", ` ${unit}`, "unit"));
    this.value.replaceChildren(...parts);
    const gone = lost.has(this.channel.device);
    const age = benchNow() - t, stale = gone || age > Math.max(5000, 5000 * (this.channel.period || 0));
    const outside = limits && value !== null
      && ((limits[0] !== null && value < limits[0]) || (limits[1] !== null && value > limits[1]));
    this.place.classList.toggle("stale", stale);
    this.place.classList.toggle("outside", Boolean(outside));
    const uncalibrated = this.channel.calibration === null ? "not calibrated" : "";
    const notes = [`${span(age)} ago`, gone ? "its device is lost" : "", flagged(flags), outside ? "outside its limits" : "", uncalibrated];
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
  showPrompts(run.prompts || []);
  lost = new Set((run.devices || []).filter((each) => each.state === "lost").map((each) => each.name));
  fill("devices", (run.devices || []).filter((each) => !["ok", "closed", "not in use"].includes(each.state))
    .map((each) => item(`${each.name} is ${each.state}`, [each.error], "warn")));
  showRun(run);
}

function showPrompts(prompts) {
  fill("prompts", prompts.map((prompt) => {
    const shown = item(prompt.text, [wants(prompt)], "warn");
    if (prompt.picture) shown.append(pictureOf(`prompt ${prompt.prompt}`, prompt.text));
    return shown;
  }));
  const wanted = prompts.some((prompt) => prompt.picture);
  if (wanted !== picturesWanted) {
    picturesWanted = wanted;
    say({pictures: wanted});
  }
}

// The picture of a question: its canvas stays the same while the question is open.
function pictureOf(name, text) {
  if (!canvases.has(name)) {
    const canvas = element("canvas", "", "picture");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `picture of the question: ${text}`);
    canvases.set(name, canvas);
  }
  return canvases.get(name);
}

function showPicture(frame) {
  const canvas = canvases.get(frame.camera);
  if (!canvas) return;
  const bytes = Uint8Array.from(atob(frame.rgb), (letter) => letter.charCodeAt(0));
  const image = new ImageData(frame.width, frame.height);
  for (let pixel = 0; pixel < frame.width * frame.height; pixel += 1) {
    image.data.set([bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2], 255], 4 * pixel);
  }
  canvas.width = frame.width;
  canvas.height = frame.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function wants(prompt) {
  const limits = [prompt.lower, prompt.upper].map((each) => (each === undefined || each === null ? "" : String(each)));
  const range = limits.some(Boolean) ? ` from ${limits[0] || "any"} to ${limits[1] || "any"}` : "";
  const unit = prompt.unit && prompt.unit !== "1" ? ` ${prompt.unit}` : "";
  const choices = prompt.choices && prompt.choices.length ? `: ${prompt.choices.join(", ")}` : "";
  return `wants ${prompt.wants || "an answer"}${range}${unit}${choices}; answer it at the bench or in the console`;
}

// Of a script its file, without the folder.
const nameOf = (procedure) => (procedure || "").split("/").pop();

const unitOf = (unit) => (unit && unit !== "1" ? unit : "");

function showRun(run) {
  const point = run.point || null;
  const factors = Object.entries((point && point.factors) || {})
    .map(([name, value]) => [name, value, unitOf((point.units || {})[name])].join(" ").trim()).join(", ");
  const rows = {
    "Procedure": nameOf(run.procedure), "Run": run.run, "Operator": run.operator,
    "Point": point ? `${point.index + 1}${run.count ? ` of ${run.count}` : ""}, attempt ${point.attempt}` : "",
    "Doing": point && point.step, "Set to": factors,
    "Done": run.count ? `${run.done} of ${run.count}` : "",
    "In command": run.lease ? `${run.lease.holder} (${run.lease.client})` : "",
    "Next": (run.queue ? run.queue.items : []).filter((each) => each.status === "waiting")
      .map((each) => nameOf(each.procedure)).join(", "),
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
  for (const event of events.filter((each) => !UNTOLD.includes(each.kind)).slice(-12)) {
    const said = [event.reason, event.text, event.alarm, event.operator].filter((each) => typeof each === "string" && each);
    list.prepend(element("li", `${clock(event.wall)}  ${event.kind}${said.length ? `: ${said.join("; ")}` : ""}`));
  }
  while (list.children.length > 12) list.lastChild.remove();
}

// ---- the stream

function take(frame) {
  heardAt = performance.now();
  if (frame.kind === "answer") return;
  if (frame.kind === "picture") return showPicture(frame);
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
    picturesWanted = false;
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

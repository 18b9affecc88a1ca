// The micrographs of a run: pictures, one of them at large, and sizes by type. What is told is put in as text, never as HTML.

import {chart} from "./charts.js";
import {Editor} from "./editor.js";
import {element, mark, number} from "./show.js";

const AGAIN = 1000;          // ms between looks while contours are being found
const COVERAGE = 2;          // the k of every uncertainty shown
const VIEWS = ["pictures", "picture", "sizes"];

const byId = (id) => document.getElementById(id);
let known = null;            // the overview
let view = "";

export async function ask(path, options) {
  const answer = await fetch(path, options);
  const told = await answer.json().catch(() => ({why: `refused (${answer.status})`}));
  if (!answer.ok) throw new Error(told.why);
  return told;
}

export function trouble(text) {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text;
}

const editor = new Editor(ask, () => look());

// ---- pictures

function tile(picture) {
  const made = element("a"), image = element("img"), under = element("p");
  made.href = `#picture/${picture.number}`;
  image.loading = "lazy";
  image.alt = "";
  image.src = `pictures/${picture.number}.png`;
  under.append(element("b", picture.name), picture.particles === null ? "…" : `${picture.particles} particles`);
  if (picture.corrections) under.append(element("br"), element("span", "corrected by hand", "good"));
  if (!picture.inside) under.append(element("br"), element("span", "outside the domain", "warn"));
  made.append(image, under);
  return made;
}

const WHICH = {
  all: () => true,
  inside: (picture) => picture.inside,
  outside: (picture) => !picture.inside,
  corrected: (picture) => picture.corrections > 0,
};

// A tile stays while what it says does, so that its picture is not loaded again.
const tiles = new Map();

function showGallery() {
  const shown = known.pictures.filter(WHICH[byId("which").value]).map((picture) => {
    const says = JSON.stringify(picture);
    if (tiles.get(picture.number)?.says !== says) tiles.set(picture.number, {says, place: tile(picture)});
    return tiles.get(picture.number).place;
  });
  byId("gallery").replaceChildren(...shown);
  if (!shown.length) byId("gallery").append(element("p", "There is none.", "faint"));
}

// ---- sizes

const part = (u) => (u ? number(u, u) : "–");

// What is told of a type, as [name, how it is told] each.
const TOLD = [
  ["particles", (sizes) => sizes.count],
  [`median, U (k = ${COVERAGE})`, (sizes, U) => `${number(sizes.median, U)} ± ${number(U, U)}`],
  ["u by the size of a pixel", (sizes) => part(sizes.u_pixel)],
  ["u by rims found", (sizes) => part(sizes.u_segmentation)],
  ["u by rims drawn by hand", (sizes) => part(sizes.u_by_hand)],
  ["quartiles", (sizes, U) => `${number(sizes.quartiles[1], U)} to ${number(sizes.quartiles[3], U)}`],
  ["smallest to largest", (sizes, U) => `${number(sizes.quartiles[0], U)} to ${number(sizes.quartiles[4], U)}`],
];

function table(rows, unit) {
  const made = element("table"), head = element("tr"), shown = rows.filter(([, , sizes]) => sizes);
  head.append(element("th", `diameters / ${unit}`), ...shown.map(([name, className]) => element("th", name, className)));
  made.append(head, ...TOLD.map(([name, tell]) => {
    const row = element("tr");
    const cells = shown.map(([, , sizes]) => element("td", String(tell(sizes, COVERAGE * sizes.u))));
    row.append(element("td", name), ...cells);
    return row;
  }));
  return made;
}

function showSizes(told) {
  const left = told.outside ? `; ${told.outside} outside the domain are left out` : "";
  const corrected = told.corrected ? `${told.corrected} of them corrected by hand` : "none of them corrected by hand";
  byId("basis").textContent = `${told.pictures} pictures inside the domain, ${corrected}${left}.`;
  byId("statements").replaceChildren(...told.statements.map((each) => element("li", each)));
  const width = Math.max(280, byId("charts").clientWidth - 32);
  byId("charts").replaceChildren(...known.kinds.map((kind) => {
    const [predicted, after] = [told.predicted, told.after_correction].map((each) => each.find((one) => one.kind === kind));
    const made = element("article", "", kind), title = element("h2", kind);
    const rows = [["predicted", "predicted", predicted]];
    if (told.corrected) rows.push(["after correction", "after", after]);
    made.append(title);
    if (!predicted && !after) made.append(element("p", "There is none.", "faint"));
    else made.append(chart(kind, rows, told.edges, told.unit, width), table(rows, told.unit));
    return made;
  }));
}

// ---- where we are

async function look() {
  known = await ask("overview");
  const count = known.pictures.length, whole = known.done === count;
  byId("run").textContent = `${known.run} · model ${known.model.name} ${known.model.version}`;
  mark(byId("progress"), whole ? `${count} pictures` : `contours found in ${known.done} of ${count}`, whole ? "good" : "warn");
  byId("signer").hidden = false;
  mark(byId("signer"), known.signer ? `signed by ${known.signer.slice(0, 12)}…` : "NOT SIGNED", known.signer ? "good" : "warn");
  if (view === "pictures") showGallery();
  if (view === "sizes") showSizes(await ask("sizes"));
  return whole;
}

async function go() {
  const [wanted, which] = location.hash.slice(1).split("/");
  if (view === "picture" && !editor.mayLeave()) return history.replaceState(null, "", `#picture/${editor.number}`);
  view = VIEWS.includes(wanted) ? wanted : "pictures";
  for (const each of VIEWS) byId(each).hidden = each !== view;
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.hash === `#${view}` || (view === "picture" && link.hash === "#pictures"));
  }
  trouble("");
  const here = location.hash;
  await look();
  if (view === "picture" && location.hash === here) await editor.open(Number(which), known);
}

async function follow() {
  try {
    if (await look()) return;
  } catch (error) {
    trouble(`${error.message}; is hil data micrographs still running?`);
  }
  setTimeout(follow, AGAIN);
}

const safely = (does) => () => does().catch((error) => trouble(error.message));

byId("which").addEventListener("change", showGallery);
addEventListener("hashchange", safely(go));
addEventListener("resize", safely(async () => view === "sizes" && showSizes(await ask("sizes"))));
addEventListener("beforeunload", (event) => editor.changed && event.preventDefault());
safely(go)().then(follow);

"use strict";
// The page: uploads files as they are dropped, begins a job, and asks for its state until it is over.

const ui = Object.fromEntries([...document.querySelectorAll("[id]")].map(element => [element.id, element]));
const FORMS = { bvh: "BVH", mp4: "MP4 video", glb: "GLB", html: "viewer page" };
const ASK_EVERY_MS = 300;
const TRY_AGAIN_MS = 1000;
const MOST_TRIES = 10;
const USUAL_LENGTH_S = 30;
const page = { limits: {}, models: [], sound: null, transcript: null, job: null, begins: false, shown: "" };

class NoAnswer extends Error {
  constructor() {
    super("the program that made this page does not answer; is it still running?");
  }
}

async function ask(path, options = {}) {
  let answer, content;
  try {
    answer = await fetch(path, options);
    content = await answer.json();
  } catch {
    throw new NoAnswer();
  }
  if (!answer.ok) throw new Error(content.error);
  return content;
}

async function askPatiently(path) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(path);
    } catch (error) {
      if (!(error instanceof NoAnswer) || tries === MOST_TRIES) throw error;
      await new Promise(resume => setTimeout(resume, TRY_AGAIN_MS));
    }
  }
}

async function attempt(action) {
  ui.problem.hidden = true;
  try {
    return await action();
  } catch (error) {
    ui.problem.textContent = error.message;
    ui.problem.hidden = false;
  }
}

// Files

function sizeProblem(file) {
  const megabytes = file.size / 1e6;
  if (megabytes > page.limits.megabytes)
    return `${file.name} has ${megabytes.toFixed(1)} MB; at most ${page.limits.megabytes} MB are taken`;
}

async function upload(file) {
  const problem = sizeProblem(file);
  if (problem) throw new Error(problem);
  ui.about.textContent = "reading…";
  const taken = await ask(`/uploads?name=${encodeURIComponent(file.name)}`, {
    method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" },
  });
  if (taken.kind === "text") {
    page.transcript = taken;
    return;
  }
  page.sound = taken;
  ui.seconds.max = taken.seconds;
  ui.seconds.value = Math.min(taken.seconds, USUAL_LENGTH_S).toFixed(2);
}

async function take(files) {
  const { sound, transcript } = page;
  await attempt(async () => { for (const file of files) await upload(file); });
  // The words of another sound do not belong to a new one; those that waited for a sound do.
  if (sound && page.sound !== sound && page.transcript === transcript) page.transcript = null;
  showFiles();
}

function showFiles() {
  ui.dropped.textContent = page.sound ? page.sound.label : "Drop a song or speech here";
  ui.about.textContent = page.sound ? `${page.sound.seconds.toFixed(1)} s` : "or click to choose a file";
  ui.drop.classList.toggle("filled", page.sound !== null);
  ui.words.hidden = page.transcript === null;
  ui.wordsname.textContent = page.transcript ? `words: ${page.transcript.label}` : "";
  showReady();
}

function showReady() {
  ui.generate.disabled = !(page.sound && page.models.length) || page.begins || page.job !== null;
}

// Models

function showModels() {
  ui.model.replaceChildren(...page.models.map(model => new Option(`${model.name} (${model.kind})`, model.name)));
  if (page.models.length === 0) ui.reads.textContent = "There is no trained model yet: ./train.sh quickstart makes one.";
  showModel();
}

function showModel() {
  const model = page.models.find(each => each.name === ui.model.value);
  if (!model) return;
  ui.temperature.value = model.temperature;
  ui.reads.textContent = model.words ? "It reads words, too: drop a transcript (.json, .tsv or .TextGrid) as well." : "";
}

// Jobs

function number(input, name) {
  if (input.value.trim() === "" || !Number.isFinite(input.valueAsNumber)) throw new Error(`the ${name} is no number`);
  return input.valueAsNumber;
}

async function begin() {
  const wish = {
    model: ui.model.value,
    sound: page.sound.id,
    transcript: page.transcript && page.transcript.id,
    temperature: number(ui.temperature, "temperature"),
    seed: number(ui.seed, "seed"),
    seconds: number(ui.seconds, "length"),
  };
  page.begins = true;
  showReady();
  try {
    const job = await ask("/jobs", {
      method: "POST", body: JSON.stringify(wish), headers: { "Content-Type": "application/json" },
    });
    follow(job.id);
  } finally {
    page.begins = false;
    showReady();
  }
}

function follow(id) {
  page.job = id;
  page.shown = "";
  location.hash = id;
  ui.downloads.hidden = ui.viewer.hidden = true;
  ui.files.replaceChildren();
  ui.empty.hidden = false;
  showReady();
  watch(id);
}

async function watch(id) {
  const job = await attempt(() => askPatiently(`/jobs/${encodeURIComponent(id)}`));
  if (job) show(job);
  if (job && (job.state === "waiting" || job.state === "working")) {
    setTimeout(watch, ASK_EVERY_MS, id);
    return;
  }
  page.job = null;
  ui.progress.hidden = true;
  showReady();
}

function show(job) {
  ui.progress.hidden = false;
  ui.doing.textContent = job.state === "waiting" ? `waiting; ${job.ahead} before this one` : sentence(job);
  if (job.total) {
    ui.bar.max = job.total;
    ui.bar.value = job.finished;
  } else {
    ui.bar.removeAttribute("value");
  }
  if (job.files.includes("html") && page.shown !== job.id) {
    page.shown = job.id;
    ui.viewer.src = `/jobs/${job.id}/html`;
    ui.viewer.hidden = false;
    ui.empty.hidden = true;
  }
  if (ui.files.children.length !== job.files.length) {
    const forms = Object.keys(FORMS).filter(form => job.files.includes(form));
    ui.files.replaceChildren(...forms.map(form => link(job, form)));
    ui.made.textContent = job.label;
    ui.downloads.hidden = job.files.length === 0;
  }
  if (job.problem) {
    ui.problem.textContent = job.problem;
    ui.problem.hidden = false;
  }
}

function sentence(job) {
  return job.total ? `${job.doing}: ${job.finished} of ${job.total} frames` : job.doing;
}

function link(job, form) {
  const item = document.createElement("li"), anchor = document.createElement("a");
  anchor.href = `/jobs/${job.id}/${form}?download`;
  anchor.textContent = FORMS[form];
  item.append(anchor);
  return item;
}

// Events

for (const kind of ["dragenter", "dragover"]) addEventListener(kind, event => {
  event.preventDefault();
  ui.drop.classList.add("over");
});
for (const kind of ["dragleave", "drop"]) addEventListener(kind, event => {
  event.preventDefault();
  ui.drop.classList.remove("over");
});
addEventListener("drop", event => take(event.dataTransfer.files));
ui.file.addEventListener("change", () => take(ui.file.files).then(() => { ui.file.value = ""; }));
ui.nowords.addEventListener("click", () => { page.transcript = null; showFiles(); });
ui.model.addEventListener("change", showModel);
ui.form.addEventListener("submit", event => {
  event.preventDefault();
  if (!ui.generate.disabled) attempt(begin);
});
ui.cancel.addEventListener("click", () => attempt(() => ask(`/jobs/${page.job}`, { method: "DELETE" })));

attempt(async () => {
  const { models, ...limits } = await ask("/models");
  Object.assign(page, { models, limits });
  ui.file.accept = limits.endings.join(",");
  showModels();
  showFiles();
  if (location.hash.length > 1) follow(location.hash.slice(1));
});

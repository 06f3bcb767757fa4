// Draws the clips of one sequence side by side, seen from the front and turned by dragging; all keep one time.
"use strict";
(() => {
  const root = document.getElementById("players");
  const data = JSON.parse(document.getElementById("player-data").textContent);
  const joints = data.parents.length;
  const choice = root.querySelector("select");
  const button = root.querySelector("button");
  const slider = root.querySelector("input");
  const stage = root.querySelector(".stage");
  let views = [], frames = 1, frame = 0, playing = false, angle = 0.4, last = 0;

  const decoded = (text) => new Int16Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

  function open(sequence) {
    stage.replaceChildren();
    views = sequence.clips.map((clip) => {
      const figure = document.createElement("figure");
      const canvas = document.createElement("canvas");
      const caption = document.createElement("figcaption");
      canvas.width = 300;
      canvas.height = 300;
      caption.textContent = clip.system;
      figure.append(canvas, caption);
      stage.append(figure);
      let pressed = null;
      canvas.addEventListener("pointerdown", (event) => { pressed = event.clientX; canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointerup", () => { pressed = null; });
      canvas.addEventListener("pointermove", (event) => {
        if (pressed === null) return;
        angle += (event.clientX - pressed) * 0.01;
        pressed = event.clientX;
        draw();
      });
      return { canvas, frames: clip.frames, positions: decoded(clip.positions) };
    });
    frames = Math.max(...views.map((view) => view.frames));
    slider.max = String(frames - 1);
    frame = 0;
    draw();
  }

  function draw() {
    const now = Math.floor(frame);
    slider.value = String(now);
    for (const view of views) {
      const context = view.canvas.getContext("2d");
      const { width, height } = view.canvas;
      const start = Math.min(now, view.frames - 1) * joints * 3;
      const scale = height / 2600;
      const sine = Math.sin(angle), cosine = Math.cos(angle);
      const rootX = view.positions[start], rootZ = view.positions[start + 2];
      const place = (joint) => {
        const [x, y, z] = view.positions.subarray(start + joint * 3, start + joint * 3 + 3);
        const dx = x - rootX, dz = z - rootZ;
        return [width / 2 + (dx * cosine + dz * sine) * scale, height * 0.9 - (y + 0.12 * (dz * cosine - dx * sine)) * scale];
      };
      context.clearRect(0, 0, width, height);
      context.fillStyle = "#e7e4dc";
      context.beginPath();
      context.ellipse(width / 2, height * 0.9, 90, 14, 0, 0, 2 * Math.PI);
      context.fill();
      context.lineWidth = 4;
      context.lineCap = "round";
      context.strokeStyle = "#2d4a6b";
      context.beginPath();
      data.parents.forEach((parent, joint) => {
        if (parent < 0) return;
        context.moveTo(...place(parent));
        context.lineTo(...place(joint));
      });
      context.stroke();
    }
  }

  function tick(time) {
    if (!playing) return;
    frame += (time - last) / 1000 * data.fps;
    last = time;
    if (frame >= frames) frame = 0;
    draw();
    requestAnimationFrame(tick);
  }

  button.addEventListener("click", () => {
    playing = !playing;
    button.textContent = playing ? "Pause" : "Play";
    last = performance.now();
    if (playing) requestAnimationFrame(tick);
  });
  slider.addEventListener("input", () => { frame = Number(slider.value); draw(); });
  data.sequences.forEach((sequence, place) => choice.append(new Option(sequence.id, String(place))));
  choice.addEventListener("change", () => open(data.sequences[Number(choice.value)]));
  open(data.sequences[0]);
})();

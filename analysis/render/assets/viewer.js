"use strict";
// Shows motions side by side. Of each, `points` are joints, then end sites, then points of trunk and head, as they are
// in the file that was exported; `placement` brings them to y up, the floor at 0, lengths in body heights.

const STEP = 0.5, RADIUS = 5; // of the floor's grid, body heights
const AIR = 0xe9e7e2, GROUND = 0xdfdcd5, LINES = 0.22; // how much darker the grid's lines are
const FIELD_OF_VIEW = 24; // degrees, of the shorter side of a picture
const CAPSULE_VERTEX = `
  vec3 axis = stop - start;
  vec3 up = dot(axis, axis) > 0.0 ? normalize(axis) : vec3(0.0, 1.0, 0.0);
  vec3 side = normalize(cross(up, abs(up.x) < 0.9 ? vec3(1.0, 0.0, 0.0) : vec3(0.0, 1.0, 0.0)));
  vec3 shape = mat3(side, up, cross(side, up)) * position;
`;

const GRID_FRAGMENT = `
  vec2 lines = abs(fract((vFloor + shift) / ${STEP} - 0.5) - 0.5) * ${STEP} / fwidth(vFloor);
  float line = clamp(1.0 - min(lines.x, lines.y), 0.0, 1.0) * pow(clamp(1.0 - length(vFloor) / ${RADIUS.toFixed(1)}, 0.0, 1.0), 1.3);
  diffuseColor.rgb *= 1.0 - ${LINES} * line;
`;

// ------------------------------------------------------------------------------------------------------- the figures

class Figure {
  constructor(motion, colours) {
    this.motion = motion;
    this.now = new Float32Array(3 * motion.count);
    this.group = new THREE.Group();
    this.group.matrixAutoUpdate = false;
    this.group.matrix.fromArray(motion.placement);
    this.unit = Math.cbrt(this.group.matrix.determinant()); // body heights per unit of the file
    this.body = this.#capsules(colours);
    this.trunk = this.#triangles(colours);
    this.skeleton = this.#skeleton();
    this.group.add(this.body, this.trunk, this.skeleton);
  }

  /** Puts all points where they are at a time in seconds, in between two frames straight on. */
  show(time) {
    const { points, count, frames, fps } = this.motion;
    const at = Math.min(Math.max(time * fps, 0), frames - 1);
    const first = Math.min(Math.floor(at + 1e-4), frames - 1), part = Math.max(at - first, 0);
    const here = 3 * count * first, there = 3 * count * Math.min(first + 1, frames - 1);
    for (let i = 0; i < 3 * count; i++) {
      this.now[i] = part > 1e-3 ? points[here + i] + part * (points[there + i] - points[here + i]) : points[here + i];
    }
    this.#moveCapsules();
    this.#moveTriangles();
    this.skeleton.children.forEach(({ geometry }) => { geometry.attributes.position.needsUpdate = true; });
  }

  setBones(shown) {
    this.skeleton.visible = shown;
    for (const { material } of [this.body, this.trunk]) {
      material.transparent = shown;
      material.opacity = shown ? 0.35 : 1;
      material.depthWrite = !shown;
      material.needsUpdate = true;
    }
  }

  /** The place of a point in the panel's world. */
  place(point, into) {
    return into.fromArray(this.now, 3 * point).applyMatrix4(this.group.matrixWorld);
  }

  #capsules(colours) {
    const { bones } = this.motion, geometry = new THREE.InstancedBufferGeometry();
    const { directions, ends, index } = capsulePattern(16, 5);
    geometry.setAttribute("position", new THREE.BufferAttribute(directions, 3));
    geometry.setAttribute("normal", geometry.attributes.position);
    geometry.setAttribute("end", new THREE.BufferAttribute(ends, 1));
    geometry.setIndex(index);
    geometry.instanceCount = bones.length;
    const attribute = (name, size, values) =>
      geometry.setAttribute(name, new THREE.InstancedBufferAttribute(new Float32Array(values), size));
    attribute("start", 3, 3 * bones.length);
    attribute("stop", 3, 3 * bones.length);
    attribute("radii", 2, bones.flatMap(([, , first, second]) => [first / this.unit, second / this.unit]));
    attribute("tint", 3, bones.flatMap(([, , , , side]) => new THREE.Color(colours[side]).toArray()));
    const body = new THREE.Mesh(geometry, capsuleMaterial(new THREE.MeshLambertMaterial(), true));
    body.customDepthMaterial = capsuleMaterial(
      new THREE.MeshDepthMaterial({ depthPacking: THREE.RGBADepthPacking }), false);
    body.castShadow = true;
    body.frustumCulled = false;
    return body;
  }

  #moveCapsules() {
    const { start, stop } = this.body.geometry.attributes;
    this.motion.bones.forEach(([from, to], bone) => {
      for (let axis = 0; axis < 3; axis++) {
        start.array[3 * bone + axis] = this.now[3 * from + axis];
        stop.array[3 * bone + axis] = this.now[3 * to + axis];
      }
    });
    start.needsUpdate = stop.needsUpdate = true;
  }

  // Three capsules around a triangle are hollow; two triangles, a radius off on both sides, fill them.
  #triangles(colours) {
    const { triangles } = this.motion, geometry = new THREE.BufferGeometry();
    const tints = triangles.flatMap(({ side }) => Array(6).fill(new THREE.Color(colours[side]).toArray()).flat());
    geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(18 * triangles.length), 3));
    geometry.setAttribute("normal", new THREE.BufferAttribute(new Float32Array(18 * triangles.length), 3));
    geometry.setAttribute("color", new THREE.BufferAttribute(new Float32Array(tints), 3));
    const material = new THREE.MeshLambertMaterial({ vertexColors: true, side: THREE.DoubleSide });
    const trunk = new THREE.Mesh(geometry, material);
    trunk.castShadow = true;
    trunk.frustumCulled = false;
    return trunk;
  }

  #moveTriangles() {
    const { position, normal } = this.trunk.geometry.attributes;
    const [a, b, c] = [new THREE.Vector3(), new THREE.Vector3(), new THREE.Vector3()], off = new THREE.Vector3();
    this.motion.triangles.forEach(({ corners, radii }, number) => {
      const [first, second, third] = [a, b, c].map((corner, k) => corner.fromArray(this.now, 3 * corners[k]));
      const across = new THREE.Vector3().crossVectors(off.subVectors(second, first), third.clone().sub(first)).normalize();
      [first, second, third].forEach((corner, k) => {
        [1, -1].forEach((sign, face) => {
          // The other side runs round the other way, so that each is seen from outside.
          const vertex = 6 * number + 3 * face + (face ? 2 - k : k);
          off.copy(across).multiplyScalar((sign * radii[k]) / this.unit).add(corner).toArray(position.array, 3 * vertex);
          off.copy(across).multiplyScalar(sign).toArray(normal.array, 3 * vertex);
        });
      });
    });
    position.needsUpdate = normal.needsUpdate = true;
  }

  #skeleton() {
    const { joints, parents } = this.motion, position = new THREE.BufferAttribute(this.now, 3);
    const dots = new THREE.BufferGeometry().setAttribute("position", position);
    dots.setDrawRange(0, joints.length);
    const lines = new THREE.BufferGeometry().setAttribute("position", position);
    lines.setIndex(parents.flatMap((parent, joint) => (parent < 0 ? [] : [parent, joint])));
    const over = { depthTest: false, depthWrite: false, fog: false, transparent: true };
    const skeleton = new THREE.Group();
    skeleton.add(
      new THREE.LineSegments(lines, new THREE.LineBasicMaterial({ color: 0x2b2a28, ...over })),
      new THREE.Points(dots, new THREE.PointsMaterial({ color: 0x2b2a28, size: 5, sizeAttenuation: false, ...over })));
    skeleton.children.forEach((child) => { child.frustumCulled = false; child.renderOrder = 1; });
    skeleton.visible = false;
    return skeleton;
  }
}

/** Directions from the ends of a capsule along y, which end (0 or 1) each belongs to, and the triangles. */
function capsulePattern(around, rings) {
  const directions = [], ends = [], index = [];
  for (let row = 0; row < 2 * rings; row++) {
    const tilt = row < rings ? row / (rings - 1) - 1 : (row - rings) / (rings - 1); // -1 to 1, of a right angle
    for (let k = 0; k <= around; k++) {
      const turn = (2 * Math.PI * k) / around, lift = (tilt * Math.PI) / 2;
      directions.push(Math.cos(lift) * Math.sin(turn), Math.sin(lift), Math.cos(lift) * Math.cos(turn));
      ends.push(row < rings ? 0 : 1);
      const low = row * (around + 1) + k, high = low + around + 1;
      if (row < 2 * rings - 1 && k < around) index.push(low, low + 1, high + 1, low, high + 1, high);
    }
  }
  return { directions: new Float32Array(directions), ends: new Float32Array(ends), index };
}

/** The material, drawing each instance of the pattern as a capsule from `start` to `stop`. */
function capsuleMaterial(material, coloured) {
  material.onBeforeCompile = (shader) => {
    const declared = "attribute float end; attribute vec3 start; attribute vec3 stop; attribute vec2 radii;\n";
    shader.vertexShader = declared + "attribute vec3 tint; varying vec3 vTint;\n" + shader.vertexShader
      .replace("#include <begin_vertex>",
        (coloured ? "" : CAPSULE_VERTEX) +
        "vec3 transformed = mix(start, stop, end) + mix(radii.x, radii.y, end) * shape; vTint = tint;")
      .replace("#include <beginnormal_vertex>", coloured ? CAPSULE_VERTEX + "vec3 objectNormal = shape;" : "");
    if (coloured) {
      shader.fragmentShader = "varying vec3 vTint;\n" + shader.fragmentShader
        .replace("#include <color_fragment>", "diffuseColor.rgb *= vTint;");
    }
  };
  return material;
}

// -------------------------------------------------------------------------------------------------------- the panels

class Panel {
  constructor(motion, colours) {
    this.motion = motion;
    this.scene = new THREE.Scene();
    this.scene.background = new THREE.Color(AIR);
    this.scene.fog = new THREE.Fog(AIR, 1, 2);
    this.figure = new Figure(motion, colours);
    this.world = new THREE.Group();
    this.world.rotation.y = motion.turn; // what is its front is towards the camera
    this.world.add(this.figure.group);
    this.shift = { value: new THREE.Vector2() };
    this.target = new THREE.Vector3();
    this.#light();
    this.#floor();
    this.scene.add(this.world, this.ground);
  }

  show(time, follow) {
    const { targets, frames, fps } = this.motion;
    this.figure.show(time);
    if (follow) this.target.fromArray(targets, 3 * Math.min(Math.max(Math.round(time * fps), 0), frames - 1));
    this.world.position.copy(this.target).applyEuler(this.world.rotation).negate();
    this.ground.position.y = this.world.position.y;
    this.shift.value.set(-this.world.position.x, -this.world.position.z);
    this.scene.updateMatrixWorld(true);
  }

  #light() {
    const sun = new THREE.DirectionalLight(0xffffff, 2.2);
    sun.position.set(0.7, 2.4, 0.9);
    sun.castShadow = true;
    sun.shadow.mapSize.set(1024, 1024);
    sun.shadow.radius = 5;
    sun.shadow.bias = -0.002;
    Object.assign(sun.shadow.camera, { left: -1.5, right: 1.5, top: 1.5, bottom: -1.5, near: 0.1, far: 6 });
    this.scene.add(sun, sun.target, new THREE.HemisphereLight(0xffffff, 0xcfcac0, 1.9));
  }

  #floor() {
    this.ground = new THREE.Group();
    const plane = new THREE.PlaneGeometry(200, 200).rotateX(-Math.PI / 2);
    const colour = new THREE.Mesh(plane, new THREE.MeshBasicMaterial({ color: GROUND }));
    colour.material.onBeforeCompile = (shader) => {
      shader.uniforms.shift = this.shift;
      shader.vertexShader = "varying vec2 vFloor;\n" + shader.vertexShader
        .replace("#include <begin_vertex>", "#include <begin_vertex>\nvFloor = position.xz;");
      shader.fragmentShader = "varying vec2 vFloor; uniform vec2 shift;\n" + shader.fragmentShader
        .replace("#include <color_fragment>", GRID_FRAGMENT);
    };
    const shadow = new THREE.Mesh(new THREE.PlaneGeometry(4, 4).rotateX(-Math.PI / 2), new THREE.ShadowMaterial({ opacity: 0.3 }));
    colour.position.y = -0.004;
    shadow.receiveShadow = true;
    this.ground.add(colour, shadow);
  }
}

// --------------------------------------------------------------------------------------------------------- the clock

/** Time in seconds: that of the sound where there is one. */
class Clock {
  constructor(duration, sound) {
    this.duration = duration;
    this.sound = sound;
    this.playing = false;
    this.speed = 1;
    this.was = 0; // the time last known for sure, and when that was
    this.since = 0;
  }

  get time() {
    const now = performance.now() / 1000;
    if (this.sound && this.sound.currentTime !== this.was) {
      this.was = this.sound.currentTime;
      this.since = now;
    }
    const moving = this.playing && !(this.sound && (this.sound.paused || this.sound.seeking));
    return Math.min(this.was + (moving ? (now - this.since) * this.speed : 0), this.duration);
  }

  async play() {
    if (this.time >= this.duration - 1e-3) this.seek(0);
    this.since = performance.now() / 1000;
    this.playing = true;
    try {
      await this.sound?.play();
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      this.sound = null; // this browser cannot play it: time goes on without
    }
  }

  pause() {
    const time = this.time;
    this.playing = false;
    this.sound?.pause();
    this.seek(time);
  }

  seek(time) {
    this.was = Math.min(Math.max(time, 0), this.duration);
    this.since = performance.now() / 1000;
    if (this.sound) {
      this.sound.currentTime = this.was;
      this.was = this.sound.currentTime;
    }
  }

  setSpeed(speed) {
    this.seek(this.time);
    this.speed = speed;
    if (this.sound) this.sound.playbackRate = speed;
  }
}

// -------------------------------------------------------------------------------------------------------- the viewer

class Viewer {
  constructor({ motions, colours, aspect, direction, distance, sound }) {
    this.aspect = aspect; // of a figure, by which panels are divided
    const element = (id) => document.getElementById(id);
    this.ui = Object.fromEntries(
      ["stage", "canvas", "labels", "play", "time", "clock", "speed", "follow", "bones", "names"]
        .map((id) => [id, element(id)]));
    this.panels = motions.map((motion) => new Panel(unpacked(motion), colours));
    this.duration = Math.max(...motions.map(({ frames, fps }) => frames / fps));
    this.clock = new Clock(this.duration, sound && playable(sound));
    this.renderer = new THREE.WebGLRenderer({ canvas: this.ui.canvas, antialias: true });
    this.renderer.setScissorTest(true);
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 100);
    this.camera.position.fromArray(direction).multiplyScalar(-distance);
    this.orbit = new THREE.OrbitControls(this.camera, this.ui.canvas);
    Object.assign(this.orbit, { minDistance: 0.3, maxDistance: 30, maxPolarAngle: 0.55 * Math.PI });
    this.captions = motions.map(({ name }) => this.#label("caption", name));
    this.jointLabels = this.panels.map(({ motion }) => motion.joints.map((name) => this.#label("joint", name)));
    this.pointed = null;
    this.#listen();
    this.#resize();
    requestAnimationFrame(() => this.#frame());
  }

  /** Where the joints of one motion are drawn now, in the exported file's own space: x, y, z of each. */
  drawnJoints(number) {
    const { skeleton, motion } = this.panels[number].figure;
    return Array.from(skeleton.children[1].geometry.attributes.position.array.slice(0, 3 * motion.joints.length));
  }

  /** Where a point of one motion is on the page, in pixels. */
  onPage(number, point) {
    const { left, top } = this.ui.canvas.getBoundingClientRect(), seen = this.#project(number, point);
    return [left + seen.x, top + seen.y];
  }

  draw() {
    const time = this.clock.time;
    this.ui.time.value = time;
    this.ui.clock.textContent = `${stamp(time)} / ${stamp(this.duration)}`;
    this.panels.forEach((panel, number) => {
      const { left, top, width, height } = this.#frameOf(number);
      panel.show(time, this.ui.follow.checked);
      const distance = this.camera.position.length();
      Object.assign(panel.scene.fog, { near: 0.9 * distance, far: distance + 1.3 * RADIUS });
      const bottom = this.height - top - height;
      this.renderer.setViewport(left, bottom, width, height);
      this.renderer.setScissor(left, bottom, width, height);
      this.renderer.render(panel.scene, this.camera);
    });
    this.#drawLabels();
  }

  #frame() {
    if (this.clock.playing) {
      if (this.clock.time >= this.duration) this.#pause();
      this.stale = true;
    }
    if (this.stale) {
      this.stale = false;
      this.draw();
    }
    requestAnimationFrame(() => this.#frame());
  }

  #listen() {
    const { play, time, speed, follow, bones, names, canvas } = this.ui;
    const redraw = () => { this.stale = true; };
    time.max = this.duration;
    play.addEventListener("click", () => (this.clock.playing ? this.#pause() : this.#play()));
    time.addEventListener("input", () => { this.clock.seek(Number(time.value)); redraw(); });
    speed.addEventListener("change", () => this.clock.setSpeed(Number(speed.value)));
    follow.addEventListener("change", redraw);
    names.addEventListener("change", redraw);
    bones.addEventListener("change", () => {
      this.panels.forEach(({ figure }) => figure.setBones(bones.checked));
      redraw();
    });
    this.orbit.addEventListener("change", redraw);
    this.clock.sound?.addEventListener("seeked", redraw);
    canvas.addEventListener("pointermove", (event) => { this.#point(event.offsetX, event.offsetY); redraw(); });
    canvas.addEventListener("pointerleave", () => { this.pointed = null; redraw(); });
    new ResizeObserver(() => this.#resize()).observe(this.ui.stage);
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { follow, bones, names, speed, play } = this.ui, frame = 1 / this.panels[0].motion.fps;
    const faster = (by) => {
      speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), speed.options.length - 1);
      this.clock.setSpeed(Number(speed.value));
    };
    const step = (by) => { this.#pause(); this.clock.seek((Math.round(this.clock.time / frame) + by) * frame); };
    const action = {
      " ": () => play.click(), ArrowLeft: () => step(-1), ArrowRight: () => step(1), Home: () => this.clock.seek(0),
      f: () => follow.click(), b: () => bones.click(), n: () => names.click(), "+": () => faster(1), "-": () => faster(-1),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    this.stale = true;
  }

  async #play() {
    this.ui.play.classList.add("playing");
    await this.clock.play();
  }

  #pause() {
    this.ui.play.classList.remove("playing");
    this.clock.pause();
    this.stale = true;
  }

  #resize() {
    const { clientWidth, clientHeight } = this.ui.stage, count = this.panels.length;
    [this.width, this.height] = [clientWidth, clientHeight];
    const tall = (columns) =>
      Math.min(clientWidth / columns / this.aspect, clientHeight / Math.ceil(count / columns));
    this.columns = count;
    for (let columns = count - 1; columns > 0; columns--) if (tall(columns) > tall(this.columns)) this.columns = columns;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(clientWidth, clientHeight, false);
    const { width, height } = this.#frameOf(0);
    this.camera.aspect = width / height;
    const half = Math.tan((FIELD_OF_VIEW * Math.PI) / 360) / Math.min(this.camera.aspect, 1);
    this.camera.fov = (360 / Math.PI) * Math.atan(half);
    this.camera.updateProjectionMatrix();
    this.stale = true;
  }

  /** The rectangle of a panel within the canvas. */
  #frameOf(number) {
    const rows = Math.ceil(this.panels.length / this.columns);
    const width = this.width / this.columns, height = this.height / rows;
    return { left: (number % this.columns) * width, top: Math.floor(number / this.columns) * height, width, height };
  }

  #project(number, point) {
    const { left, top, width, height } = this.#frameOf(number);
    const seen = this.panels[number].figure.place(point, new THREE.Vector3()).project(this.camera);
    return { x: left + (0.5 + 0.5 * seen.x) * width, y: top + (0.5 - 0.5 * seen.y) * height, hidden: seen.z > 1 };
  }

  #label(kind, text) {
    const label = document.createElement("span");
    label.className = kind;
    label.textContent = text;
    label.hidden = kind === "joint";
    return this.ui.labels.appendChild(label);
  }

  #drawLabels() {
    this.captions.forEach((caption, number) => {
      const { left, top, width, height } = this.#frameOf(number);
      caption.style.left = `${left + width / 2}px`;
      caption.style.top = `${top + height}px`;
    });
    const taken = [];
    this.jointLabels.forEach((labels, number) => labels.forEach((label, joint) => {
      const pointed = this.pointed?.number === number && this.pointed.joint === joint;
      label.hidden = !this.ui.names.checked && !pointed;
      if (label.hidden) return;
      const { x, y, hidden } = this.#project(number, joint);
      // Labels have one height and about this width; of two in one place the one nearer to the root is shown.
      const box = [x + 6, y - 8, x + 12 + 6.2 * label.textContent.length, y + 8];
      const free = taken.every(([l, t, r, b]) => box[2] < l || r < box[0] || box[3] < t || b < box[1]);
      label.hidden = hidden || !(free || pointed);
      if (label.hidden) return;
      taken.push(box);
      label.style.transform = `translate(${box[0]}px, ${box[1]}px)`;
    }));
  }

  /** Remembers the joint under a pixel of the canvas. */
  #point(x, y) {
    let nearest = 12;
    this.pointed = null;
    this.panels.forEach(({ motion }, number) => motion.joints.forEach((_, joint) => {
      const seen = this.#project(number, joint), away = Math.hypot(seen.x - x, seen.y - y);
      if (away < nearest) [nearest, this.pointed] = [away, { number, joint }];
    }));
  }
}

function unpacked(motion) {
  return { ...motion, points: floats(motion.points), targets: floats(motion.targets) };
}

function bytes(base64) {
  const text = atob(base64), values = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) values[i] = text.charCodeAt(i);
  return values;
}

function floats(base64) {
  return new Float32Array(bytes(base64).buffer);
}

function playable(base64) {
  const sound = new Audio(URL.createObjectURL(new Blob([bytes(base64)], { type: "audio/mpeg" })));
  sound.preload = "auto";
  return sound;
}

function stamp(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

function show() {
  try {
    return new Viewer(JSON.parse(document.getElementById("scene").textContent));
  } catch (error) {
    document.getElementById("title").textContent = `This page cannot be shown: ${error.message}`;
    throw error;
  }
}

const viewer = show();

const ZOOM = 2;
const PAUSE_MS = 120; // between two looks that the kernel gets at an unfinished stroke

function render({ model, el }) {
  const size = model.get("size");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * ZOOM;
  canvas.dataset.s2fOwn = "yes";
  canvas.dataset.lmSuppressShortcuts = "true";
  canvas.tabIndex = 0;
  el.append(canvas);
  const pen = canvas.getContext("2d");
  pen.scale(ZOOM, ZOOM);
  pen.lineCap = pen.lineJoin = "round";
  let paper = null; // all that has ended, as the kernel painted it
  let waiting = []; // ended here, and not yet in it
  let now = null;
  let number = model.get("seen");
  let told = 0;

  function trace({ tool, color, width, symmetric }, points) {
    if (tool === "fill") return;
    pen.strokeStyle = { pen: "#000000", eraser: "#ffffff" }[tool] ?? color;
    pen.lineWidth = width;
    for (const flip of symmetric ? [false, true] : [false]) {
      pen.beginPath();
      for (const [x, y] of points.length > 1 ? points : [points[0], points[0]]) pen.lineTo(flip ? size - x : x, y);
      pen.stroke();
    }
  }

  function redraw() {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, size, size);
    if (paper) pen.drawImage(paper, 0, 0, size, size);
    pen.globalCompositeOperation = "multiply";
    pen.lineWidth = 1;
    pen.strokeStyle = "#c9d6ea";
    for (const contour of model.get("guides")) {
      pen.beginPath();
      for (const [x, y] of contour) pen.lineTo(x, y);
      pen.closePath();
      pen.stroke();
    }
    pen.globalCompositeOperation = "source-over";
    for (const { brush, points } of now ? [...waiting, now] : waiting) trace(brush, points);
  }

  async function receive() {
    const seen = model.get("seen");
    const next = await createImageBitmap(new Blob([model.get("picture")], { type: "image/png" }));
    paper = next;
    waiting = waiting.filter((stroke) => stroke.number > seen);
    redraw();
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const place = (offset, length) => Math.round((offset * size * 10) / length) / 10;
    return [place(event.clientX - box.left, box.width), place(event.clientY - box.top, box.height)];
  }

  function down(event) {
    if (now || !event.isPrimary || event.button !== 0) return;
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId); // the keyboard's pen has nothing to capture
    number += 1;
    now = { number, brush: model.get("brush"), points: [at(event)] };
    trace(now.brush, now.points);
  }

  function move(event) {
    if (!now || !event.isPrimary) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) now.points.push(at(part));
    trace(now.brush, now.points.slice(-(events.length || 1) - 1));
    if (performance.now() - told < PAUSE_MS) return;
    told = performance.now();
    model.send({ kind: "move", points: now.points });
  }

  function up(event) {
    if (!now || !event.isPrimary) return;
    waiting.push(now);
    model.send({ kind: "stroke", number: now.number, points: now.points });
    now = null;
  }

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  model.on("change:picture", receive);
  model.on("change:guides", redraw);
  receive();
  return () => {
    model.off("change:picture", receive);
    model.off("change:guides", redraw);
  };
}

export default { render };

const PAGE = 256; // units along each side of the drawing
const NEAR = 3; // pixels; moves melted into one that are nearer show nothing new, and each costs the kernel its time
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = "Arrows move, with Shift faster. Space: pen down or up. Enter: a dot.";

// Which action a key press asks for, if any.
function actionOf(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}

const typesText = (element) =>
  element.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=button], [type=color])");

function save(content, [buffer]) {
  if (!content.download) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffer], { type: content.type }));
  link.download = content.download;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Keys as a pen: they make the events of a mouse and of a pointer, of which each pad hears one kind.
function keyPen(pad, canvas, signal) {
  const cursor = pad.appendChild(document.createElement("div"));
  const spoken = pad.appendChild(document.createElement("div"));
  cursor.className = "s2f-cursor";
  spoken.className = "s2f-spoken";
  spoken.setAttribute("role", "status");
  let [x, y, down, pointing] = [PAGE / 2, PAGE / 2, false, false];

  function act(kind) {
    const box = canvas.getBoundingClientRect();
    const [clientX, clientY] = [box.left + (x * box.width) / PAGE, box.top + (y * box.height) / PAGE];
    const init = { bubbles: true, isPrimary: true, buttons: kind === "up" ? 0 : 1, clientX, clientY };
    canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, init));
    canvas.dispatchEvent(new MouseEvent(`mouse${kind}`, init));
    down = kind !== "up";
  }

  function show(text) {
    const [left, top] = [canvas.offsetLeft + canvas.clientLeft, canvas.offsetTop + canvas.clientTop];
    cursor.style.left = `${left + (x * canvas.clientWidth) / PAGE}px`;
    cursor.style.top = `${top + (y * canvas.clientHeight) / PAGE}px`;
    spoken.textContent = text;
    pad.classList.add("s2f-keys");
  }

  function leave() {
    if (down) act("up");
    pad.classList.remove("s2f-keys");
  }

  canvas.addEventListener("focus", () => { if (!pointing) show(KEYS); }, { signal });
  canvas.addEventListener("blur", leave, { signal });
  canvas.addEventListener("pointerdown", (event) => { if (event.isTrusted) leave(); }, { signal });
  // A focus that a hand on the mouse or the screen brings about needs no cursor.
  window.addEventListener("pointerdown", (event) => { pointing = event.isTrusted; }, { capture: true, signal });
  window.addEventListener("keydown", () => { pointing = false; }, { capture: true, signal });
  signal.addEventListener("abort", () => { cursor.remove(); spoken.remove(); });

  // Whether the key was one of the pen's.
  return ({ key, shiftKey }) => {
    const [dx, dy] = ARROWS[key] ?? [0, 0];
    const step = shiftKey ? 16 : 4;
    const within = (value) => Math.min(Math.max(value, 0), PAGE);
    [x, y] = [within(x + dx * step), within(y + dy * step)];
    if (key === " ") act(down ? "up" : "down");
    else if (key === "Enter") { if (!down) act("down"); act("up"); }
    else if (key === "Escape" && down) act("up");
    else if (!ARROWS[key]) return false;
    else if (down) act("move");
    const what = { " ": down ? "pen down" : "pen up", Enter: "dot", Escape: "pen up" }[key] ?? (down ? "drawing" : "moving");
    show(`${what}: ${x} across, ${y} down`);
    return true;
  };
}

function render({ model, el }) {
  const stop = new AbortController();
  const capture = { capture: true, signal: stop.signal };
  model.on("msg:custom", save);

  function adopt(studio, canvas, pen) {
    // On the window, because JupyterLab's own shortcuts listen on the document and would undo a cell.
    window.addEventListener("keydown", (event) => {
      const action = studio.contains(event.target) && !typesText(event.target) ? actionOf(event) : null;
      const alone = !(event.ctrlKey || event.metaKey || event.altKey);
      if (!action && !(event.target === canvas && alone && pen(event))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (action) model.send({ action });
    }, capture);
    studio.addEventListener("click", (event) => {
      const button = event.target.closest("[data-s2f-pick]");
      if (!button) return;
      const { s2fPick: what, s2fNumber: number } = button.dataset;
      model.send({ action: "pick", what, number: Number(number) });
    }, { signal: stop.signal });
  }

  function adoptCanvas(pad, canvas) {
    // Past the canvas, which would swallow it, to the box around it: Tab moves on and Ctrl+S saves. The box
    // has no focus, so JupyterLab's one-letter shortcuts, such as deleting the cell, do not answer.
    pad.addEventListener("keydown", (event) => {
      if (event.target !== canvas) return;
      event.stopPropagation();
      if (!pad.dispatchEvent(new KeyboardEvent(event.type, event))) event.preventDefault();
    }, capture);
    pad.addEventListener("mousedown", (event) => {
      if (event.target === canvas && event.button !== 0) event.stopPropagation();
    }, capture);
    // The browser tells of one move a frame and melts the others into it, which cuts the corners of a quick hand.
    let last = { clientX: 0, clientY: 0 };
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons !== 1 || event.pointerType === "touch") return;
      for (const { clientX, clientY } of event.getCoalescedEvents?.().slice(0, -1) ?? []) {
        if (Math.hypot(clientX - last.clientX, clientY - last.clientY) < NEAR) continue;
        last = { clientX, clientY };
        canvas.dispatchEvent(new MouseEvent("mousemove", { ...last, buttons: 1 }));
      }
    }, { signal: stop.signal });
    pad.addEventListener("wheel", (event) => event.stopPropagation(), capture); // or the page would not scroll
  }

  // Names for what the widgets leave without one.
  function nameFields(studio) {
    for (const icon of studio.querySelectorAll("button i")) icon.setAttribute("aria-hidden", "true");
    for (const box of studio.querySelectorAll(".widget-slider")) {
      const name = box.querySelector("label")?.textContent;
      for (const handle of box.querySelectorAll("[role=slider]")) handle.setAttribute("aria-label", name);
    }
    for (const box of studio.querySelectorAll(".widget-colorpicker"))
      for (const input of box.querySelectorAll("input")) input.setAttribute("aria-label", "any other colour");
    for (const box of studio.querySelectorAll(".widget-toggle-buttons")) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "tool");
    }
    for (const button of studio.querySelectorAll("button.jupyter-button[title]"))
      if (button.classList.contains("widget-toggle-button"))
        button.setAttribute("aria-pressed", button.classList.contains("mod-active"));
  }

  // Views are attached one after the other, at moments nothing announces.
  function wait() {
    if (stop.signal.aborted) return;
    const studio = el.closest(".s2f-studio");
    const pad = studio?.querySelector(".s2f-pad");
    const canvas = pad?.querySelector("canvas");
    if (!canvas) { requestAnimationFrame(wait); return; }
    // An application, so that screen readers leave the arrows to the pad.
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `Drawing pad. ${KEYS} Ctrl+Z undoes, Shift+Ctrl+Z redoes.`);
    adopt(studio, canvas, keyPen(pad, canvas, stop.signal));
    if (!canvas.dataset.s2fOwn) adoptCanvas(pad, canvas);
    nameFields(studio);
    const observer = new MutationObserver(() => nameFields(studio));
    observer.observe(studio, { subtree: true, attributeFilter: ["class"], childList: true });
    stop.signal.addEventListener("abort", () => observer.disconnect());
  }

  wait();
  return () => {
    stop.abort();
    model.off("msg:custom", save);
  };
}

export default { render };

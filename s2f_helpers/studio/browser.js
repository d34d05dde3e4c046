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

function render({ model, el }) {
  const stop = new AbortController();
  const capture = { capture: true, signal: stop.signal };
  model.on("msg:custom", save);

  function adopt(studio) {
    // On the window, because JupyterLab's own shortcuts listen on the document and would undo a cell.
    window.addEventListener("keydown", (event) => {
      const action = studio.contains(event.target) && !typesText(event.target) ? actionOf(event) : null;
      if (!action) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      model.send({ action });
    }, capture);
    studio.addEventListener("click", (event) => {
      const button = event.target.closest("[data-s2f-pick]");
      if (!button) return;
      const { s2fPick: what, s2fNumber: number } = button.dataset;
      model.send({ action: "pick", what, number: Number(number) });
    }, { signal: stop.signal });
  }

  function adoptCanvas(pad, canvas) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("label"));
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
    adopt(studio);
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

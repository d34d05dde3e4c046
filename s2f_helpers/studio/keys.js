// Which action a key press asks for, if any.
function actionOf(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}

function render({ model, el }) {
  const stop = new AbortController();
  const capture = { capture: true, signal: stop.signal };

  function adopt(pad, canvas) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", model.get("label"));
    // On the window, because JupyterLab's own shortcuts listen on the document and would undo a cell.
    window.addEventListener("keydown", (event) => {
      const action = event.target === canvas ? actionOf(event) : null;
      if (!action) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      model.send({ action });
    }, capture);
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

  // The canvas is attached after this view, at a moment nothing announces.
  function wait() {
    if (stop.signal.aborted) return;
    const pad = el.closest(".s2f-pad");
    const canvas = pad?.querySelector("canvas");
    if (canvas) adopt(pad, canvas);
    else requestAnimationFrame(wait);
  }

  wait();
  return () => stop.abort();
}

export default { render };

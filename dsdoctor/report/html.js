"use strict";
// The extras: buttons that copy, and nothing folded away on paper. The report is whole without them.
(() => {
  const said = document.getElementById("said");

  const textOf = (block) => {
    const rows = [...block.querySelectorAll("code")];
    return rows.map((row) => row.textContent).join("").replace(/\n$/, "");
  };

  const selectAll = (block) => {
    const range = document.createRange();
    range.selectNodeContents(block.querySelector("code"));
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  // Where the browser refuses the clipboard, the text is left selected for the keyboard.
  const copy = async (block) => {
    try {
      await navigator.clipboard.writeText(textOf(block));
      return true;
    } catch {
      selectAll(block);
      return document.execCommand("copy");
    }
  };

  const tell = (button, name, done) => {
    button.textContent = done ? "Copied" : "Selected";
    said.textContent = done ? `${name} copied` : `${name} selected, press Ctrl C`;
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2500);
  };

  for (const block of document.querySelectorAll(".copy")) {
    const name = block.dataset.label;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy the ${name}`);
    button.addEventListener("click", async () => tell(button, name, await copy(block)));
    block.prepend(button);
  }

  const folds = [...document.querySelectorAll("details")];
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    closed.forEach((fold) => (fold.open = true));
  });
  window.addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));
})();

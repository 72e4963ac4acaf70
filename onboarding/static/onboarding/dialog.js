// First Login Actions: links with data-dialog open in a dialog, and places of problems are jumped to.
// Every page works without this file.

const dialog = document.createElement("dialog");
dialog.className = "onboarding-dialog";
document.body.append(dialog);
let opener = null;
// The link that opened it may stand in a menu that is closed again.
dialog.addEventListener("close", () => opener?.focus());

function show(markup, address) {
  const content = new DOMParser().parseFromString(markup, "text/html").querySelector("[data-dialog-content]");
  if (!content) {
    location.assign(address);
    return;
  }
  const title = content.querySelector("h1");
  title.id = "dialog-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "dialog-close";
  close.textContent = "×";
  close.setAttribute("aria-label", document.querySelector("[data-dialog]").dataset.close);
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(content, close);
  if (!dialog.open) {
    dialog.showModal();
  }
  const result = content.querySelector(".problems a, .outcome");
  (result ?? content.querySelector("textarea")).focus();
}

async function open(link) {
  const area = dialog.querySelector("textarea");
  if (area && area.value !== area.defaultValue) {
    // It was closed with something typed in it.
    dialog.showModal();
    return;
  }
  const response = await fetch(link.href);
  show(await response.text(), link.href);
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  // A redirect says that it was saved; the page below shows the message that waits.
  const response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  if (response.type === "opaqueredirect") {
    location.reload();
  } else {
    show(await response.text(), form.action);
  }
}

// Columns count characters, which JavaScript's strings hold in one or two units.
function offset(text, line, column) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + Array.from(lines[line - 1]).slice(0, column - 1).join("").length;
}

function jump(link) {
  const area = link.closest("form").querySelector("textarea");
  const start = offset(area.value, Number(link.dataset.line), Number(link.dataset.column));
  const [token] = area.value.slice(start).match(/^("[^"\n]*"|[^\s,:{}[\]]+|.?)/u);
  area.setSelectionRange(start, start + token.length);
  // Focus scrolls to the selection.
  area.blur();
  area.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) {
    return;
  }
  if (link.matches("[data-line]")) {
    event.preventDefault();
    jump(link);
  } else if (link.matches("[data-dialog]")) {
    event.preventDefault();
    const menu = link.closest("details");
    menu?.removeAttribute("open");
    opener = menu?.querySelector("summary") ?? link;
    open(link);
  }
});

document.addEventListener("submit", (event) => {
  if (dialog.contains(event.target)) {
    event.preventDefault();
    send(event.target, event.submitter);
  }
});
